function draw() {
  const c = document.createElement("canvas");
  c.width = 200;
  c.height = c.width;
  c.id = "i";
  c.className;
  c.getAttribute("id");
  c.nodeType;
  c.style;
  c.addEventListener("x", draw);
  const x = c.getContext("2d", { alpha: false });
  x.fillStyle = "#069";
  x.fillStyle;
  x.font = "11pt Arial";
  x.textBaseline = "top";
  x.fillRect(1, 2, 3, 4.5);
  x.fillText("hé", 2, 15);
  x.measureText("m");
  x.arc(1, 2, 3, 0, 7, true);
  x.save();
  x.restore();
  x.getImageData(0, 0, 9, 9);
  x.isPointInPath(1, 1);
  x.createLinearGradient(0, 0, 1, 1);
  document.body.appendChild(c);
  c.parentNode;
  c.toDataURL("image/png");
}
draw();
