// The names that a background page of an extension has; `overscripted` is ours.

declare const browser: any;
declare function overscripted(text: string): void;
