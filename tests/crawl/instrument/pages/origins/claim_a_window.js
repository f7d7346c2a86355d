(name, mine, secret) =>
  new Promise((resolve) => {
    const windows = Services.wm.getEnumerator("navigator:browser");
    const tabs = [...windows].flatMap((it) => it.gBrowser.browsers.map((b) => b.browsingContext.currentWindowGlobal));
    const window = tabs.find((it) => it.documentURI.spec.endsWith(secret)).innerWindowId;
    const script = `
      const say = (id, kind, data) => sendAsyncMessage(${JSON.stringify(name)}, { id, kind, data });
      if (Services.appinfo.remoteType.replace("&", "^").split("^").includes("userContextId=${mine}")) {
        const call = '{"time":1,"symbol":"window.navigator.oscpu","operation":"get","value":"forged","caller":""}';
        const place = '{"doc":"x","location":"about:blank","context":"https://evil.example/"';
        const calls = place + ',"calls":[' + call + '],"totals":[]}';
        for (const kind of ["document", "worker"]) {
          say(kind, kind, { user: ${mine}, window: ${window}, parent: "", origin: "https://claimed.example" });
          say(kind, "calls", calls);
        }
        sendAsyncMessage("claimed");
      }`;
    Services.ppmm.addMessageListener("claimed", () => resolve(true));
    Services.ppmm.loadProcessScript("data:," + encodeURIComponent(script), false);
  })
