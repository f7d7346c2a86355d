// The limits of what is recorded of modules of WebAssembly, and how their bytes begin.
// World: process script, sandbox of a document, or the debugger global of a worker's thread.
"use strict";

const WasmLimits = {
  ROWS: 1000, // compilations recorded in one realm; all are counted
  MODULE: 16 * 2 ** 20, // bytes of a module that is kept
  VISIT: 64 * 2 ** 20, // bytes of all modules of a visit; also of those that one worker sends
  STREAMS: 100, // responses in a process that have yet to arrive
  URL: 2 ** 16, // characters of an address
  HEAD: 4, // bytes that each module begins with; Firefox compiles nothing else
  isModule: (bytes) => bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d,
};
