let paperA;
const canvasA = document.getElementById("one");
function startA() {
  paperA = canvasA.getContext("2d");
}
function drawA() {
  paperA.fillText("a", 1, 9);
}
function readA() {
  canvasA.toDataURL();
  canvasA.width = 31;
  paperA.getImageData(0, 0, 1, 1);
  canvasA.addEventListener("click", () => {});
}
