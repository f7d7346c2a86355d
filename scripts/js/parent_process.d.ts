// The names that a window of the browser's own has, in the parent process.

declare const BrowsingContext: any;
declare const CacheStorage: any;
declare const ChannelWrapper: any;
declare const DOMRect: any;
declare const IOUtils: any;
declare const MediaSource: any;
declare const OffscreenCanvas: any;
declare const PathUtils: any;
declare const TextDecoder: any;
declare const TextEncoder: any;
declare const WebExtensionPolicy: any;
declare const WindowGlobalParent: any;
declare const atob: any;
declare const btoa: any;
declare const console: any;
declare const indexedDB: any;
declare const matchMedia: any;
declare const screen: any;

// What asks windows about fields is given: see crawl/behaviours/form_fields.py.

declare const FIELD_SETTINGS: {
  name: string;
  script: string;
  windows: number;
  url: number;
  answer: number;
  patience: number;
};
