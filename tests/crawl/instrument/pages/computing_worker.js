navigator.platform;
const t = Date.now();
while (Date.now() - t < 2600) for (let i = 0; i < 99; i++) Math.floor(i / 3);
navigator.platform;
setTimeout(() => navigator.platform);
