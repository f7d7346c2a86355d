// The names that recorders of documents and workers have.

declare const OVERSCRIPTED: Protocol.Settings;

// Of documents; workers have none.
declare var Document: any;
declare const WebAssembly: any;
