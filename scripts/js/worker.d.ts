// The names that the global of a worker's debugger has.

declare const REPEATABLE: string;
declare const URL: any;
declare const Debugger: any;

// Of the worker, for what runs there.
declare const Event: any;
declare function addEventListener(type: string, listener: Function, capture: boolean): void;
