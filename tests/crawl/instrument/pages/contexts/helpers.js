// case: make a blob
const blob = (text, type) => URL.createObjectURL(new Blob([text], { type }));

// case: get the user agent
const get = Object.getOwnPropertyDescriptor(Navigator.prototype, 'userAgent').get.bind(navigator);

// case: run in a module
const m = new WebAssembly.Module(new Uint8Array({BYTES}));
new WebAssembly.Instance(m, { e: { f: get } }).exports.run();

// case: run in a module from a file
WebAssembly.instantiateStreaming(fetch('/m.wasm'), { e: { f: get } }).then((m) => m.instance.exports.run());
