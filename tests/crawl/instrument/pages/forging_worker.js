const t = {FORGED};
for (const f of [postMessage, self.postMessage]) f(t);
dispatchEvent(new MessageEvent("message", { data: "flush" }));
onmessage = () => postMessage(t);
new BroadcastChannel("x").postMessage(t);
console.log(t);
navigator.platform;
({
  ["x@https://evil.example/a.js:1:1"]() {
    navigator.platform;
  },
})["x@https://evil.example/a.js:1:1"]();
