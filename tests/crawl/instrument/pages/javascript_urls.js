(async () => {
  const f = document.createElement("iframe");
  const wait = () => new Promise((r) => setTimeout(r, 50));
  document.body.append(f);

  f.src = "javascript:void(1)";
  await wait();

  f.contentWindow.location = "javascript:void(2)";
  await wait();

  for (const n of [1, 1]) {
    f.src = "javascript:void(3)";
    await wait();
  }

  const loaded = new Promise((r) => (f.onload = r));
  f.src = "/inner";
  await loaded;

  f.src = "javascript:void(4)";
  await wait();
  D = 1;
})();
