const v = [];
rrweb.record({ emit: (e) => v.push(e.type) });
setTimeout(() => {
  document.getElementById("out").append("z");
  setTimeout(() => {
    window.V = [...new Set(v)].sort().join();
    window.D = 1;
  }, 200);
}, 200);
