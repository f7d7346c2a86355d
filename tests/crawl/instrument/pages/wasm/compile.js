const bytes = new Uint8Array({BYTES});
const shared = new Uint8Array(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer, 8, bytes.length);
const resizable = new Uint8Array(new ArrayBuffer(bytes.length, { maxByteLength: 999 }));
const detached = new Uint8Array(bytes);
const large = new Uint8Array(2 ** 26);
shared.set(bytes);
resizable.set(bytes);
large.set(bytes, 77);
structuredClone(detached.buffer, { transfer: [detached.buffer] });
const rejects = (promise) => promise.then(() => failed++, () => 1);
let failed = 0;
(async () => {
  const module = await WebAssembly.compile(bytes);
  await WebAssembly.instantiate(bytes.buffer, {});
  await WebAssembly.compile.call(null, new DataView(resizable.buffer));
  await Reflect.apply(WebAssembly.compile, WebAssembly, [large.subarray(77, 77 + bytes.length)]);
  await WebAssembly.compileStreaming(fetch("/wasm/two.wasm"));
  await WebAssembly.instantiateStreaming(await fetch("/wasm/encoded.wasm"));
  await WebAssembly.instantiateStreaming(fetch("/wasm/moved.wasm"));
  await WebAssembly.compileStreaming(new Response(bytes, { headers: { "Content-Type": "application/wasm" } }));
  new WebAssembly.Module(bytes);
  await WebAssembly.compile(shared);

  // What compiles nothing.
  await WebAssembly.instantiate(module);
  WebAssembly.validate(bytes);
  new WebAssembly.Instance(module);
  await rejects(WebAssembly.compile(detached));
  await rejects(WebAssembly.compile(bytes.slice(1)));
  await rejects(WebAssembly.compile({}));
  await rejects(WebAssembly.instantiate(bytes, 1));
  await rejects(WebAssembly.instantiateStreaming(fetch("/wasm/no.wasm")));
  await rejects(WebAssembly.instantiateStreaming(fetch("/wasm/plain.wasm")));
  done(failed);
})();
