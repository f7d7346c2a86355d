const seen = [];
function frame() {
  const f = document.createElement("iframe");
  document.body.append(f);
  for (const it of [f.contentWindow, f.contentDocument])
    it.addEventListener("securitypolicyviolation", () => seen.push(1), true);
  return f;
}
const f = frame();
f.contentWindow.eval("1");
f.remove();
const g = frame(),
  E = g.contentWindow.eval;
g.remove();
E("2");
setTimeout(() => {
  document.cookie = "seen=" + seen.length;
  D = 1;
}, 300);
