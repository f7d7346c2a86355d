document.getElementById("out").textContent =
  [1, [2]].flat() + String(structuredClone({ a: 1 }).a) + new URL("/x", "http://h/").href;
window.D = 1;
