const w = new Worker("/c.js");
const v = new Worker("/l.js");
let n = 0;
w.onmessage = v.onmessage = () => {
  if (++n == 2) window.D = 1;
};
