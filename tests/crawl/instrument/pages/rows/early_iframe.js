const f = document.createElement("iframe");
f.src = "/frame.html";
f.onload = () => (window.D = 1);
document.body.append(f);
f.contentWindow.{READ}
window[0].{READ}
