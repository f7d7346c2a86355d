let n = 0;
const i = setInterval(() => {
  navigator.platform;
  if (++n === 20) {
    clearInterval(i);
    postMessage(1);
  }
}, 20);
