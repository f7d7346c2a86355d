(async () => {
  const bytes = new Uint8Array({BYTES});
  const shared = new Uint8Array(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer, 0, bytes.length);
  shared.set(bytes);
  let reads = 0;
  class Odd extends Uint8Array {
    get byteLength() { return reads++; }
    get buffer() { return reads++; }
    static get [Symbol.species]() { reads++; return Uint8Array; }
  }
  const promise = Promise.resolve(new Response(bytes, { headers: { "Content-Type": "application/wasm" } }));
  Object.defineProperty(promise, "constructor", { get() { reads++; return Promise; } });
  Object.defineProperty(promise, "then", { get() { reads++; return Promise.prototype.then; } });
  const response = new Response(bytes, { headers: { "Content-Type": "application/wasm" } });
  const { body } = response;
  const result = async (make) => {
    try {
      return String(await make());
    } catch (error) {
      return `${error.name}: ${error.message} ${error.fileName}`;
    }
  };
  const results = [
    await result(() => WebAssembly.compile(bytes)),
    await result(() => WebAssembly.compile(shared)),
    await result(() => WebAssembly.compile(new Odd(bytes))),
    await result(() => WebAssembly.compileStreaming(promise)),
    await result(() => WebAssembly.compileStreaming(response)),
    await result(() => WebAssembly.compile(bytes.slice(0, 9))),
    await result(() => WebAssembly.compile()),
    await result(() => WebAssembly.instantiate(bytes, 5)),
    await result(() => WebAssembly.instantiateStreaming({})),
    await result(() => WebAssembly.instantiateStreaming(Promise.reject(new Error("x")))),
    `${reads} ${response.body === body} ${body.locked}`,
    `${bytes} ${shared}`,
    JSON.stringify(
      Object.getOwnPropertyNames(WebAssembly).map((name) => [name, String(WebAssembly[name]), WebAssembly[name].length]),
    ),
  ];
  return JSON.stringify(results);
})()
