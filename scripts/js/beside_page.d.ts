// The names that a sandbox of a page has: those of its window.

declare const document: any;
declare const Document: any;
declare const innerWidth: number;
declare const innerHeight: number;
declare const addEventListener: any;
declare const getComputedStyle: any;
declare const window: any;
declare const HTMLElement: any;
declare const setTimeout: any;
