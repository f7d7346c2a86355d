window.RUN = [];
const note = (name) => () => RUN.push(name);
for (const [kind, name] of [
  [HTMLCanvasElement, "width"],
  [HTMLCanvasElement, "height"],
  [CanvasRenderingContext2D, "canvas"],
  [Object, "canvas"],
  [Object, "context"],
])
  Object.defineProperty(kind.prototype, name, { configurable: true, get: note(name), set: note(name) });
const canvas = document.createElement("canvas");
const paper = canvas.getContext("2d");
Object.defineProperty(paper, "canvas", { get: note("own canvas") });
Object.defineProperty(canvas, "width", { get: note("own width") });
const keys = (object) => [...Reflect.ownKeys(object), ...Reflect.ownKeys(Object.getPrototypeOf(object))].map(String);
const before = [keys(canvas), keys(paper)].join();
paper.getImageData(0, 0, 1, 1);
canvas.toDataURL();
window.CHANGED = [keys(canvas), keys(paper)].join() !== before || paper !== canvas.getContext("2d");
class Canvas extends HTMLElement {}
const trap = new Proxy({}, { get: note("get"), getPrototypeOf: note("proto"), getOwnPropertyDescriptor: note("own") });
const changed = document.createElement("canvas");
Object.setPrototypeOf(changed, trap);
for (const receiver of [trap, { canvas, [Symbol.toStringTag]: "CanvasRenderingContext2D" }, null, 1, changed, canvas])
  try {
    CanvasRenderingContext2D.prototype.getImageData.call(receiver, 0, 0, 1, 1);
  } catch {}
HTMLCanvasElement.prototype.toDataURL.call(changed);
delete Object.prototype.canvas;
delete Object.prototype.context;
