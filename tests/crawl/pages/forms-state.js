// Tells every 250 ms, under the mark of the page, what happened to its fields and what they hold.
const mark = new URLSearchParams(location.search).get("mark");
const seen = { touched: [], untrusted: 0, entered: 0, submits: 0, left: {} };
const fields = () => [...document.querySelectorAll("input, select, textarea")];
for (const type of ["mousedown", "mouseup", "click", "keydown", "keyup", "input", "change", "blur", "focus"]) {
  addEventListener(type, (event) => {
    if (!event.isTrusted) seen.untrusted++;
    if (event.key === "Enter") seen.entered++;
    if (type === "input" && !seen.touched.includes(event.target.name)) seen.touched.push(event.target.name);
  }, true);
}
addEventListener("submit", () => seen.submits++, true);
setInterval(() => {
  seen.left = Object.fromEntries(fields().filter((it) => it.value).map((it) => [it.name, it.value]));
  fetch(`/told?mark=${mark}`, { method: "POST", body: JSON.stringify(seen) });
}, 250);
