// Asks a window or worker for its clock and its random numbers, and whether what gives them still works as it should.
globalThis.look = () => {
  class Later extends Date {}
  const uuid = crypto.randomUUID?.();
  const bytes = crypto.getRandomValues(new Uint8Array(6));
  const words = crypto.getRandomValues(new Uint32Array(new ArrayBuffer(20), 4, 3));
  let refusal = "";
  try {
    crypto.getRandomValues(new Float32Array(1));
  } catch (error) {
    refusal = `${error.name} ${error instanceof DOMException}`;
  }
  const later = new Later();
  const inherits = later instanceof Later && later instanceof Date && new Date() instanceof Date;
  return {
    random: [Math.random(), Math.random(), [...bytes].join("-"), [...words].join("-"), uuid ?? ""],
    clocks: [
      Date.now(),
      new Date().getTime(),
      later.getTime(),
      Reflect.construct(Date, []).getTime(),
      Date.parse(Date()),
      performance.timeOrigin + performance.now(),
      performance.toJSON().timeOrigin + performance.now(),
      performance.timing?.navigationStart ?? Date.now(),
      performance.timing?.toJSON().navigationStart ?? Date.now(),
    ],
    sound: {
      refusal,
      inherits,
      constructor: new Date().constructor === Date && Date.prototype.constructor === Date,
      dates: [new Date(0).getTime(), new Date(2020, 1).getFullYear(), Date.UTC(2020), Date.parse("2020-01-01Z")].join(),
      shape: [Date.name, Date.length, Date.now.name, Math.random.length, crypto.getRandomValues.length].join(),
      text: [Date, Date.now, Math.random].every((it) => `${it}`.includes("[native code]")),
      range: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].every(() => Math.random() >= 0 && Math.random() < 1),
      version: /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(uuid ?? ""),
    },
  };
};
