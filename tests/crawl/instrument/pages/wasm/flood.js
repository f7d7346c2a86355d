const bytes = new Uint8Array({BYTES});
(async () => {
  for (let i = 0; i < {TIMES}; i++) {
    const name = new TextEncoder().encode(String(i).padStart(6, "0"));
    // A custom section with a name makes each module another one.
    await WebAssembly.compile(new Uint8Array([...bytes, 0, 7, 6, ...name]));
  }
  done();
})();
