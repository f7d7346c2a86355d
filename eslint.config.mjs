// The rules for JavaScript. Each block is one world: what runs together in one global, and the names that it finds there.
import { readdirSync, readFileSync } from "node:fs";
import js from "@eslint/js";
import globals from "globals";

/** The files of some folders that run in one global: they are joined to one script. */
const files = (...folders) =>
  folders.flatMap((folder) => {
    const names = readdirSync(folder).filter((name) => name.endsWith(".js"));
    return names.map((name) => `${folder}/${name}`);
  });

const DECLARATION = /^(?:const|let|class|(?:async )?function\*?) (?:(\w+)|\{ ([\w, ]+) \})/gm;

/** Names that files declare for the whole script that they become a part of. */
const declared = (paths) =>
  paths.flatMap((path) => {
    const found = [...readFileSync(path, "utf8").matchAll(DECLARATION)];
    return found.flatMap(([, name, names]) => name ?? names.split(", "));
  });

/** The rules for files that run in one global, where they find their own names and those that are `given` there. */
const world = (paths, given) => ({
  files: paths,
  languageOptions: {
    ecmaVersion: "latest",
    sourceType: "script",
    globals: Object.fromEntries(
      ["PROTOCOL", "SAVED", "ARCHIVE", "CAPS", ...given, ...declared(paths)].map((name) => [name, "readonly"]),
    ),
  },
  rules: { strict: ["error", "global"] },
});

const XPCOM = ["Cc", "Ci", "Cr", "Cu", "Components", "ChromeUtils", "Services"];
const JS = "crawl/instrument/js";
const OPENWPM = "crawl/instrument/openwpm";

export default [
  { ignores: ["tests/**/pages/"] },
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "no-redeclare": ["error", { builtinGlobals: false }],
      "no-unused-vars": ["error", { vars: "local", caughtErrors: "none" }],
      "no-empty": ["error", { allowEmptyCatch: true }],
      eqeqeq: "error",
      "no-implicit-coercion": "error",
      "no-throw-literal": "error",
      "no-use-before-define": ["error", { functions: false, classes: true, variables: false }],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": ["error", { destructuring: "all" }],
      "prefer-rest-params": "off",
    },
  },
  // Firefox's parent process: functions that remote control runs in one of the browser's own windows.
  world(
    [
      ...files(`${JS}/parent_process`, `${JS}/parent_process/records`),
      `${JS}/shared/value_limits.js`,
      `${JS}/shared/wasm_limits.js`,
      `${OPENWPM}/parent_process.js`,
    ],
    [
      ...XPCOM,
      "BrowsingContext",
      "CacheStorage",
      "ChannelWrapper",
      "DOMRect",
      "FIELD_SETTINGS",
      "IOUtils",
      "MediaSource",
      "OffscreenCanvas",
      "PathUtils",
      "TextDecoder",
      "TextEncoder",
      "WebExtensionPolicy",
      "WindowGlobalParent",
      "atob",
      "btoa",
      "console",
      "indexedDB",
      "matchMedia",
      "screen",
    ],
  ),
  // A content process: a sandbox with the rights of the browser.
  world(
    [...files(`${JS}/content_process`), `${JS}/shared/wasm_limits.js`, `${OPENWPM}/content_process.js`],
    [
      ...XPCOM,
      "BrowsingContext",
      "FIELD_SETTINGS",
      "PROCESS_SETTINGS",
      "TextEncoder",
      "WindowGlobalChild",
      "XMLSerializer",
    ],
  ),
  // The sandbox of a document.
  world(
    [...files(`${JS}/shared`, `${JS}/document`, `${JS}/document/records`), `${OPENWPM}/document.js`],
    [
      "Document",
      "Element",
      "InternalError",
      "Node",
      "OVERSCRIPTED",
      "WebAssembly",
      "XPCNativeWrapper",
      "cloneInto",
      "crypto",
      "exportFunction",
      "structuredClone",
    ],
  ),
  // The realm of a page, before its scripts: none of its names is used but those of the language.
  world(files(`${JS}/page`), []),
  // A sandbox that a behaviour has beside a page, with the names of its window.
  world(files(`${JS}/beside_page`), Object.keys(globals.browser)),
  // The global of a worker's debugger; what it has put into the worker itself has the worker's names.
  world(files(`${JS}/shared`, `${JS}/worker`), ["Debugger", "OVERSCRIPTED", "REPEATABLE", "URL", "WebAssembly"]),
  // The background page of the reference instrument's extension.
  world([`${OPENWPM}/background.js`], ["browser", "overscripted"]),
  // Pages: the report, the explorer, and the witness of the demo's tests.
  {
    files: ["report/templates/*.js", "explore/static/*.js", "tests/demo/watch.js"],
    languageOptions: { sourceType: "script", globals: { ...globals.browser, SYMBOLS: "readonly" } },
  },
  {
    files: ["eslint.config.mjs"],
    languageOptions: { globals: globals.node },
  },
];
