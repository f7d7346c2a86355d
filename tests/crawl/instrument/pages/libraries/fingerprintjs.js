FingerprintJS.load({ monitoring: false })
  .then((a) => a.get())
  .then((r) => {
    window.V =
      Object.keys(r.components)
        .map((k) => k + ("error" in r.components[k]))
        .join() +
      r.components.canvas.value.geometry.length +
      r.components.audio.value;
    window.D = 1;
  });
