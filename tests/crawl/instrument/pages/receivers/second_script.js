let paperB;
const canvasB = document.getElementById("two");
function startB() {
  paperB = canvasB.getContext("2d");
}
function drawB() {
  paperB.fillText("b", 1, 4);
}
function readB() {
  paperB.getImageData(0, 0, 1, 1);
  canvasB.toBlob(() => (window.D = true));
}
