localStorage.setItem("a", null);
localStorage.setItem("b", undefined);
localStorage.setItem("c", {
  a: 1,
  toString() {
    return "t";
  },
});
localStorage.setItem("d", [1, "2"]);
localStorage.setItem(5, true);
const x = document.createElement("canvas").getContext("2d");
x.fillText("t", NaN, -0);
x.setLineDash([1, 2]);
x.fillText(document.body, 1, 1);
