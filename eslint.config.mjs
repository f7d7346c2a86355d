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

/** Names that files declare for the whole script that they become a part of. */
const declared = (paths) =>
  paths.flatMap((path) =>
    [...readFileSync(path, "utf8").matchAll(/^(?:const|let|class|(?:async )?function\*?) (\w+)/gm)].map(
      ([, name]) => name,
    ),
  );

/** The rules for files that run in one global, where they find their own names and those that are `given` there. */
const world = (paths, given) => ({
  files: paths,
  languageOptions: {
    ecmaVersion: "latest",
    sourceType: "script",
    globals: Object.fromEntries([...given, ...declared(paths)].map((name) => [name, "readonly"])),
  },
  rules: { strict: ["error", "global"] },
});

const XPCOM = ["Cc", "Ci", "Cu", "Components", "ChromeUtils", "Services"];
const PRIVILEGED = "crawl/privileged";
const PROCESS = ["console", "documents", "events", "focus", "frames", "process", "reference", "workers"].map(
  (name) => `${PRIVILEGED}/${name}.js`,
);
const PARENT = files(PRIVILEGED).filter((path) => !PROCESS.includes(path));

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
  world(PARENT, [
    ...XPCOM,
    "BrowsingContext",
    "ChannelWrapper",
    "IOUtils",
    "MediaSource",
    "OffscreenCanvas",
    "PathUtils",
    "TextDecoder",
    "WindowGlobalParent",
    "console",
    "matchMedia",
    "screen",
  ]),
  // A content process: a sandbox with the rights of the browser.
  world(PROCESS, [...XPCOM, "OVERSCRIPTED_TOLD"]),
  // The sandbox of a document.
  world(files("crawl/recorder/shared", "crawl/recorder/document"), [
    "Document",
    "Element",
    "InternalError",
    "Node",
    "OVERSCRIPTED",
    "XPCNativeWrapper",
    "cloneInto",
    "crypto",
    "exportFunction",
    "structuredClone",
  ]),
  // The global of a worker's debugger; what it has put into the worker itself has the worker's names.
  world(files("crawl/recorder/shared", "crawl/recorder/worker"), ["Debugger", "OVERSCRIPTED", "WebAssembly"]),
  // The background page of the reference instrument's extension.
  world(files("crawl/extension-openwpm"), ["browser", "overscripted"]),
  // Pages: the report, and the witness of the demo's tests.
  {
    files: ["analyses/page/*.js", "tests/demo/watch.js"],
    languageOptions: { sourceType: "script", globals: { ...globals.browser, SYMBOLS: "readonly" } },
  },
  {
    files: ["eslint.config.mjs"],
    languageOptions: { globals: globals.node },
  },
];
