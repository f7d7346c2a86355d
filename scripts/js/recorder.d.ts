// What recorders of documents and workers find.

declare const OVERSCRIPTED: Protocol.Settings;

// Of documents; workers have none.
declare var Document: any;
