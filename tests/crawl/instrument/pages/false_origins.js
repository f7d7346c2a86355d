for (const o of [document, Document.prototype])
  Object.defineProperty(o, "URL", { get: () => "https://evil.example/", configurable: true });
Object.defineProperty(Node.prototype, "baseURI", { get: () => "https://evil.example/" });
window.origin = "https://evil.example";
window.opener = { location: "https://evil.example/" };
window.name = "https://evil.example/";
Object.defineProperty(window, "parent", { value: {} });
