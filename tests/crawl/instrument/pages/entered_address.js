async (url) => {
  const window = Services.wm.getMostRecentWindow("navigator:browser");
  const { gBrowser } = window;
  const until = async (done) => {
    while (!done()) await new Promise((resolve) => window.setTimeout(resolve, 50));
  };
  const triggeringPrincipal = Services.scriptSecurityManager.getSystemPrincipal();
  const tab = (gBrowser.selectedTab = gBrowser.addTab("about:blank", { triggeringPrincipal }));
  const page = () => tab.linkedBrowser;
  await until(() => page().browsingContext?.sessionHistory?.count === 1); // the empty page is there
  page().fixupAndLoadURIString(url, { triggeringPrincipal });
  await until(() => page().contentTitle.startsWith("["));
  const told = page().contentTitle;
  gBrowser.removeTab(tab);
  return told;
}
