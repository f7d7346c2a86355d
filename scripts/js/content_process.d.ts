// The names that the sandbox of the process script has.

declare const TextEncoder: any;
declare const XMLSerializer: any;

// The settings of the process script: see crawl/instrument/bundle.py.

declare const PROCESS_SETTINGS: {
  name: string;
  recorder: string;
  windowSide: string;
  mark: string;
  worker: string;
  reference: string;
};
