// The settings of the process script: see crawl/instrument/bundle.py.

declare const PROCESS_SETTINGS: {
  name: string;
  recorder: string;
  windowSide: string;
  mark: string;
  worker: string;
  reference: string;
};
