const f = document.createElement("iframe");
f.src = "data:text/html," + "x".repeat(2e5);
f.onload = () => {
  for (let i = 0; i < 1000; i++) f.contentWindow.postMessage(i, "*");
  setTimeout(() => (window.D = 1), 200);
};
document.body.append(f);
