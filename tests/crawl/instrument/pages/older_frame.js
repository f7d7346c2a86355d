older.onload = () => {
  const f = document.createElement("iframe");
  f.src = "{OTHER}/younger";
  document.body.append(f);
  onmessage = (e) => {
    if (e.data === "ready") {
      older.remove();
      f.contentWindow.postMessage(1, "*");
    } else {
      document.cookie = "is=" + e.data;
      D = 1;
    }
  };
};
