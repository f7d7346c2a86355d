const bytes = new Uint8Array({BYTES});
const memory = new SharedArrayBuffer(bytes.length);
const shared = new Uint8Array(memory);
shared.set(bytes);
const changes = `onmessage = ({ data }) => {
  const shared = new Uint8Array(data);
  postMessage(1);
  for (;;) shared[{AT}] = shared[{AT}] === 2 ? 3 : 2;
}`;
const worker = new Worker(URL.createObjectURL(new Blob([changes])));
worker.postMessage(memory);
window.answers = [];
worker.onmessage = async () => {
  for (const value of [2, 3]) await WebAssembly.compile(bytes.with({AT}, value));
  for (let i = 0; i < {TIMES}; i++) {
    answers.push(new WebAssembly.Instance(await WebAssembly.compile(shared)).exports.two());
  }
  worker.terminate();
  window.D = 1;
};
