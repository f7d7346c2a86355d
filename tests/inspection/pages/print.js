// A fingerprint by canvas, and a near miss: one property that many pages read.
const canvas = document.createElement("canvas");
canvas.width = 240;
canvas.height = 60;
const context = canvas.getContext("2d");
context.fillStyle = "#f60";
context.fillText("Cwm fjordbank glyphs vext quiz", 2, 15);
context.fillStyle = "#069";
context.fillText("Cwm fjordbank glyphs vext quiz", 4, 17);
const print = canvas.toDataURL();
navigator.hardwareConcurrency;
new Image().src = `https://prints.fingerlab.io/p.gif?length=${print.length}`;
