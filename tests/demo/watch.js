// Runs in the page's own world, before its scripts: writes each call of a planted symbol to the console.
// It is the demo's own witness, independent of the crawl's instrument: simple, and easy to detect.
() => {
  const write = console.debug.bind(console),
    Fault = Error,
    text = JSON.stringify;
  const note = (symbol, operation) =>
    write("@@" + text([symbol, operation, document.URL, window !== window.top, new Fault().stack.split("\n")[2]]));
  const watch = (holder, name, symbol) => {
    const was = Object.getOwnPropertyDescriptor(holder, name);
    if (was.get) {
      Object.defineProperty(holder, name, {
        ...was,
        get() {
          note(symbol, "get");
          return was.get.call(this);
        },
        set(value) {
          note(symbol, "set");
          was.set.call(this, value);
        },
      });
    } else {
      Object.defineProperty(holder, name, {
        ...was,
        value(...given) {
          note(symbol, "call");
          return was.value.apply(this, given);
        },
      });
    }
  };
  const HOLDERS = {
    "window.navigator": Navigator.prototype,
    "window.document": Document.prototype,
    "window.screen": Screen.prototype,
    "window.Storage": Storage.prototype,
    window,
    HTMLCanvasElement: HTMLCanvasElement.prototype,
    CanvasRenderingContext2D: CanvasRenderingContext2D.prototype,
    RTCPeerConnection: RTCPeerConnection.prototype,
  };
  for (const symbol of SYMBOLS) {
    const dot = symbol.lastIndexOf(".");
    watch(HOLDERS[symbol.slice(0, dot)], symbol.slice(dot + 1), symbol);
  }
};
