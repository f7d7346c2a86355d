// What the process script is told: see crawl/instrument/bundle.py.

declare const OVERSCRIPTED_TOLD: {
  name: string;
  recorder: string;
  windowSide: string;
  mark: string;
  worker: string;
  reference: string;
};
