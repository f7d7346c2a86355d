const d = document.createElement("div");
document.body.append(d);
const s = d.attachShadow({ mode: "closed" });
const f = document.createElement("iframe");
f.src = "/frame.html";
f.onload = () => (window.D = 1);
s.append(f);
f.contentWindow.{READ}
