const BYTES = new Uint8Array({BYTES}),
  g = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(navigator), "platform").get.bind(navigator);

const made = (f) => new WebAssembly.Instance(new WebAssembly.Module(BYTES), { m: { f } }).exports.g;

made(g)();

made(Reflect.apply.bind(null, g, null, []))();

setTimeout(made(g));

eval("new WebAssembly.Instance(new WebAssembly.Module(BYTES),{m:{f:g}}).exports.g")();

made(()=>g())();

{
  const f = made(g);
  for (let i = 0; i < 150; i++) f();
}

WebAssembly.instantiateStreaming(fetch("/import.wasm"), { m: { f: g } }).then((it) => {
  it.instance.exports.g();
  {DONE};
});
