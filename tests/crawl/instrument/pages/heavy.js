// case: libraries
for (let i = 0; i < 1500; i++)
  $("#out").append(
    $("<p class=c>")
      .attr("id", "p" + i)
      .text(i)
      .on("click", () => 1),
  );
$("#out p")
  .addClass("d")
  .each(function () {
    $(this).parent();
  });

// case: dom
for (let i = 0; i < 3000; i++) {
  const e = document.createElement("div");
  e.textContent = i;
  document.getElementById("out").appendChild(e);
}
for (const e of document.querySelectorAll("div")) e.nodeType + e.parentNode.childNodes.length;
d3.select("#out")
  .selectAll("i")
  .data(d3.range(3000))
  .join("i")
  .attr("a", (d) => d)
  .text((d) => d);

// case: react
const e = React.createElement;
function A() {
  const [n, s] = React.useState(0);
  React.useLayoutEffect(() => {
    if (n < 5) s(n + 1);
  });
  return e(
    "ul",
    null,
    Array.from({ length: 2000 }, (_, i) => e("li", { key: i, onClick() {}, className: "c" + n }, i + n)),
  );
}
ReactDOM.flushSync(() => ReactDOM.createRoot(document.getElementById("out")).render(e(A)));
