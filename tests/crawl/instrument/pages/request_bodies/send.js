const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
const send = (path, body, more = {}) =>
  fetch(`/sent/${path}`, { method: "POST", body, ...more }).then((answer) => answer.text());
const xhr = (path, body, asynchronous = true, ...password) =>
  new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.onloadend = resolve;
    request.open("POST", `/sent/${path}`, asynchronous, ...password);
    request.send(body);
  });
const waited = (path) => fetch(`/arrived/${path}`);
const by = (worker) => new Promise((resolve) => (worker.onmessage = resolve));

/** A form with a field and a small file. */
function filled() {
  const data = new FormData();
  data.append("a", "1");
  data.append("f", new File([bytes], "n.bin", { type: "x/y" }));
  return data;
}

/** Submit the page's form, with a file, into the frame. */
function submit(path, enctype) {
  const form = document.forms[0];
  const files = new DataTransfer();
  files.items.add(new File([bytes], "fü.bin"));
  Object.assign(form, { enctype, action: `/sent/${path}` });
  form.elements.file.files = files.files;
  return new Promise((resolve) => {
    document.querySelector("iframe").onload = resolve;
    form.submit();
  });
}

/** Have a service worker control the page. */
async function controlled() {
  const claimed = new Promise((resolve) => (navigator.serviceWorker.oncontrollerchange = resolve));
  await navigator.serviceWorker.register("service_worker.js");
  await claimed;
}
