navigator.serviceWorker.register("/sw.js");
navigator.serviceWorker.ready.then(({ active: a }) =>
  (a.onstatechange = () => {
    if (a.state == "activated") window.D = 1;
  })(),
);
