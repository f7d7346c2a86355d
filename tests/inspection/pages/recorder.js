// A session recorder: watches the page and the visitor, and sends what it gathered, bit by bit.
const gathered = [];
new MutationObserver((changes) => gathered.push(changes.length)).observe(document, {
  subtree: true,
  childList: true,
});
for (const kind of ["input", "mousemove", "scroll", "click"]) {
  addEventListener(kind, (event) => gathered.push(event.type), true);
}
for (const size of [2000, 300, 200]) {
  fetch("https://in.hotjar.com/collect", { method: "POST", body: "x".repeat(size) });
}
localStorage.setItem("recorder", "on");
