amplitude.getInstance().init("k");
window.V = typeof amplitude.getInstance().options.deviceId;
setTimeout(() => (window.D = 1), 100);
