// Its own service is not asked for anything.
new ThumbmarkJS.Thumbmark({ logging: false, exclude: [] }).get().then(
  (found) => {
    window.V = Object.keys(found.components).sort().join();
    window.D = 1;
  },
  (error) => {
    window.V = String(error);
    window.D = 1;
  },
);
