for (const t of [window, document]) {
  t.dispatchEvent(
    new SecurityPolicyViolationEvent("securitypolicyviolation", {
      blockedURI: "eval",
      sample: "forged",
      sourceFile: "https://evil.example/",
      originalPolicy: "x.invalid",
      lineNumber: 1,
    }),
  );
  t.dispatchEvent(new ErrorEvent("error", { message: "forged" }));
  t.dispatchEvent(new PageTransitionEvent("pagehide"));
  t.dispatchEvent(new CustomEvent("calls", { detail: [{ s: "forged" }] }));
}
postMessage({ type: "calls", calls: [{ s: "forged" }] }, "*");
navigator.oscpu;
setTimeout(() => navigator.oscpu, 50);
