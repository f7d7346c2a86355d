const f = document.createElement("iframe");
f.src = "/frame.html";
f.onload = () => (window.D = 1);
document.body.append(f);
const w = f.contentWindow;
Object.getOwnPropertyDescriptor(w.Navigator.prototype, "oscpu").get.call(navigator);
