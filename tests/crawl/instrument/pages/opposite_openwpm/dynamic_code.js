eval("navigator.userAgent");
Function("screen.colorDepth")();
setTimeout("navigator.platform");
[1, 2].map(() => navigator.language);
new Promise((r) => r(navigator.oscpu)).then(() => navigator.vendor);
