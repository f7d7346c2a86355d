const o = document.getElementById("out");
o.setAttribute("hx-get", "/frame.html");
o.setAttribute("hx-trigger", "go");
htmx.process(o);
htmx.on("htmx:afterSwap", () => setTimeout(() => (window.D = 1), 300));
htmx.trigger(o, "go");
