const N = (k) => localStorage.setItem.bind(localStorage, k, "1");
const DONE = new Set();
const S = (k) =>
  function script() {
    localStorage.setItem(k + "!", "1");
    DONE.add(k);
  };
const both = (k, use) => {
  use(N(k));
  use(S(k));
};
const P = Promise.resolve();
const make = (n) => document.createElement(n);
const event = (k) => new Event(k);
