(name, theirs) => new Promise((resolve) => {
  const script = `
    const { remoteType } = Services.appinfo;
    if (remoteType && !remoteType.includes("userContextId=")) {
      const say = (id, kind, data) => sendAsyncMessage(${JSON.stringify(name)}, { id, kind, data });
      say("forged", "document", { user: ${theirs}, window: 0, url: "https://evil.example/" });
      say("forged", "console", '{"message":"forged"}');
      sendAsyncMessage("of no visit", remoteType);
    }`;
  Services.ppmm.addMessageListener("of no visit", ({ data }) => resolve(data));
  Services.ppmm.loadProcessScript("data:," + encodeURIComponent(script), false);
})
