// Asks content processes for the session storage of the windows of a visit.
// World: Firefox's parent process, privileged. A page may have taken over a process, so what it answers about windows
// that it does not have is left out.
"use strict";

function SessionStorageReader(name) {
  const waiting = new Map(); // number of a question -> {process, numbers, resolve}
  let questions = 0;

  function processOf({ osPid }) {
    for (let i = 0; i < Services.ppmm.childCount; i++) {
      const process = Services.ppmm.getChildAt(i);
      if (process.osPid === osPid) return process;
    }
    return null;
  }

  function answered({ target, data: { question, found } }) {
    const asked = waiting.get(question);
    if (asked?.process !== target) return;
    asked.resolve(found.filter(({ number }) => asked.numbers.has(number)));
  }

  async function ask(process, numbers, inTime) {
    const question = questions++;
    const answer = new Promise((resolve) => waiting.set(question, { process, numbers: new Set(numbers), resolve }));
    process.sendAsyncMessage(`${name}.session_storage`, { question, numbers, limits: StorageLimits });
    try {
      return await inTime(answer);
    } finally {
      waiting.delete(question);
    }
  }

  /** The processes of windows, with the numbers of those whose storage is read: one for each tab and principal. */
  function questionsFor(windows) {
    const seen = new Set();
    const numbers = new Map(); // process -> numbers
    for (const global of windows) {
      const storage = `${global.browsingContext.top.id} ${global.documentStoragePrincipal.origin}`;
      if (seen.has(storage)) continue;
      seen.add(storage);
      const process = processOf(global);
      if (!process) continue;
      if (!numbers.has(process)) numbers.set(process, []);
      numbers.get(process).push(global.innerWindowId);
    }
    return numbers;
  }

  Services.ppmm.addMessageListener(`${name}.session_storage`, answered);

  /**
   * Reads the storage of windows. `found(window, items, cut)` gets what each process answers. A process in an endless
   * loop never answers: `inTime` limits the time.
   */
  return async function read(windows, found, inTime) {
    const byNumber = new Map(windows.map((global) => [global.innerWindowId, global]));
    const answers = [...questionsFor(windows)].map(async ([process, numbers]) => {
      for (const { number, items, cut } of await ask(process, numbers, inTime)) found(byNumber.get(number), items, cut);
    });
    await Promise.all(answers);
  };
}
