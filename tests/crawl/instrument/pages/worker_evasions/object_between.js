const { platform } = navigator;
with (navigator) platform;
new Proxy(navigator, { get: (t, k) => t[k] }).platform;
