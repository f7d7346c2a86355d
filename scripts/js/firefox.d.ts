// What Firefox gives our code, as far as it asks for it. Its interfaces are not described: a name is what is checked.

interface ErrorConstructor {
  captureStackTrace(target: object, until?: Function): void;
  stackTraceLimit: number;
}

interface PropertyDescriptor {
  __proto__?: null;
}

// Of whatever is seen through an Xray.
interface Object {
  wrappedJSObject: any;
}

// In Firefox since version 133, unknown to TypeScript.
interface Uint8Array {
  toBase64(): string;
}

interface Uint8ArrayConstructor {
  fromBase64(text: string): Uint8Array;
}
