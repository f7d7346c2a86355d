const frame = document.createElement("iframe");
document.body.append(frame);
const inner = frame.contentDocument.createElement("canvas");
const outer = document.createElement("canvas");
outer.toDataURL();
inner.toDataURL();
frame.contentWindow.HTMLCanvasElement.prototype.toDataURL.call(outer); // the frame's function, our canvas
document.adoptNode(inner);
inner.toDataURL();
HTMLCanvasElement.prototype.toDataURL.call(inner);
document.createElement("canvas").toDataURL();
const stray = frame.contentDocument.createElement("canvas");
HTMLCanvasElement.prototype.toDataURL.call(stray);
frame.remove();
HTMLCanvasElement.prototype.toDataURL.call(inner);
HTMLCanvasElement.prototype.toDataURL.call(stray);
outer.toDataURL();
