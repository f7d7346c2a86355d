// The names that the sandbox of the process script has.

declare const BrowsingContext: any;
declare const TextEncoder: any;
declare const WindowGlobalChild: any;
declare const XMLSerializer: any;

// The settings of the process script: see crawl/instrument/bundle.py.

declare const PROCESS_SETTINGS: {
  name: string;
  recorder: string;
  windowSide: string;
  mark: string;
  worker: string;
  reference: string;
  repeatable: string;
};

// What the script that finds fields is given: see crawl/behaviours/form_fields.py.

declare const FIELD_SETTINGS: {
  name: string;
  types: string[];
  most: number;
  looks: number;
  roots: number;
  text: number;
  smallest: number;
};
