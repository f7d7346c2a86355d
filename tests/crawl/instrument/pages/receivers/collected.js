window.LEFT = 0;
const registry = new FinalizationRegistry(() => LEFT--);
window.KEPT = [];
for (let i = 0; i < 20; i++) {
  const canvas = document.createElement("canvas");
  const paper = canvas.getContext("2d");
  paper.fillText("x", 1, 1);
  canvas.toDataURL();
  canvas.addEventListener("click", () => canvas);
  for (const object of [canvas, paper]) registry.register(object);
  LEFT += 2;
  if (i === 0) KEPT.push(canvas, paper);
}
