// Names the interfaces whose objects are not numbered, and the members that say more about an object.
// World: sandbox of a document, or the debugger global of a worker's thread.
"use strict";

const ReceiverNames = (() => {
  // A document or worker has one object of each of these, so a number would say nothing.
  const UNIQUE = new Set(
    (
      "Window Document HTMLDocument XMLDocument DedicatedWorkerGlobalScope SharedWorkerGlobalScope " +
      "ServiceWorkerGlobalScope WorkerGlobalScope Navigator WorkerNavigator Location WorkerLocation History Screen " +
      "ScreenOrientation VisualViewport Storage CookieStore IDBFactory CacheStorage StorageManager LockManager " +
      "Performance Crypto SubtleCrypto CustomElementRegistry FontFaceSet SpeechSynthesis MediaDevices " +
      "MediaCapabilities MediaSession Permissions Geolocation Clipboard CredentialsContainer Keyboard BatteryManager " +
      "NetworkInformation NavigatorUAData ServiceWorkerContainer GPU Plugin PluginArray MimeType MimeTypeArray"
    ).split(" "),
  );
  // Members that read the pixels of a canvas.
  const READS = new Set([
    "toDataURL",
    "toBlob",
    "convertToBlob",
    "transferToImageBitmap",
    "getImageData",
    "readPixels",
  ]);
  const PROTOTYPE = ".prototype";

  return {
    // A context has its canvas as `canvas`, an audio node its audio context as `context`.
    OWNERS: ["canvas", "context"],
    isUnique: (name) => UNIQUE.has(name),
    isRead: (name) => READS.has(name),
    /** Whether the receivers of an instrumented object's members are numbered, e.g. "HTMLCanvasElement.prototype". */
    areNumbered: (object) => object.endsWith(PROTOTYPE) && !UNIQUE.has(object.slice(0, -PROTOTYPE.length)),
  };
})();
