// Numbers the objects on which calls are made, so that records tell two canvases apart.
// World: sandbox of a document, or the debugger global of a worker's thread. It runs no code of the page. An object gets
// no property, and is collected as if we did not know it.
"use strict";

const Receivers = (() => {
  const id = `${Date.now().toString(36)}${Math.random().toString(36).slice(2)}`;
  const known = new WeakMap(); // object -> {number, owner: number of the object that it belongs to, or 0}
  let last = 0;

  /** The numbers of an object; null for an object that a document has only once. */
  function numbersOf(object) {
    const found = known.get(object);
    if (found !== undefined) return found;
    const { unique, owner } = ReceiverKinds.of(object);
    if (unique) return null;
    const owning = owner === null ? undefined : ReceiverKinds.read(owner, object);
    const numbers = { number: 0, owner: isObject(owning) ? (numbersOf(owning)?.number ?? 0) : 0 };
    numbers.number = ++last; // its owner was there before it
    known.set(object, numbers);
    return numbers;
  }

  const isObject = (value) => typeof value === "object" && value !== null;

  /** Add to a call the size of the canvas that it reads, in pixels. */
  function measure(call, receiver) {
    const { owner } = ReceiverKinds.of(receiver);
    const canvas = owner === null ? receiver : ReceiverKinds.read(owner, receiver);
    if (!isObject(canvas)) return;
    const { width, height } = ReceiverKinds.of(canvas);
    if (width === null || height === null) return;
    call.canvas_width = ReceiverKinds.read(width, canvas);
    call.canvas_height = ReceiverKinds.read(height, canvas);
  }

  return {
    id,
    /** Add to a call the numbers of its receiver. `reads`: whether it reads the pixels of a canvas. */
    describe(call, receiver, reads) {
      if (!isObject(receiver)) return;
      const numbers = numbersOf(receiver);
      if (numbers === null) return;
      call.receiver = numbers.number;
      if (numbers.owner !== 0) call.receiver_owner = numbers.owner;
      if (reads) measure(call, receiver);
    },
  };
})();
