// Asks the content processes of a visit what only they know of its documents.
// World: Firefox's parent process, privileged. Trusts: our process script. An answer is data of pages.
"use strict";

/** `name` is the name of messages. `processesOf(user)` lists the processes with documents of a visit. */
function Questions(name, processesOf) {
  const asked = new Map(); // number -> {user, waiting: processes, handle, done}
  let numbers = 0;

  function end(number) {
    asked.get(number)?.done();
    asked.delete(number);
  }

  function ended(number, process) {
    const { waiting } = asked.get(number);
    if (waiting.delete(process) && waiting.size === 0) end(number);
  }

  return {
    /**
     * Ask about documents by the numbers of their windows; see content_process/pages.js for what can be asked.
     * `handle(window, answer)` gets each answer. Resolves when every process has answered.
     */
    ask(user, what, windows, handle) {
      const number = numbers++;
      const waiting = new Set(processesOf(user));
      if (waiting.size === 0) return Promise.resolve();
      const answered = new Promise((done) => asked.set(number, { user, waiting, handle, done }));
      for (const process of waiting) process.sendAsyncMessage(name, { question: { number, what, windows } });
      return answered;
    },
    /** A process answers for one window. Without an answer: it has answered for all of its windows. */
    answered(process, { number, window, answer }) {
      const question = asked.get(number);
      if (!question?.waiting.has(process)) return;
      if (answer) question.handle(window, answer);
      else ended(number, process);
    },
    gone(process) {
      for (const number of [...asked.keys()]) ended(number, process);
    },
    forget(user) {
      for (const [number, question] of [...asked]) if (question.user === user) end(number);
    },
  };
}
