// case: what is kept of a visit
(user) =>
  JSON.stringify(
    ["apart", "sub.apart", "framed.apart", "strict"]
      .flatMap((name) =>
        ["apart", "strict"]
          .filter((top) =>
            Cc["@mozilla.org/ssservice;1"]
              .getService(Ci.nsISiteSecurityService)
              .isSecureURI(Services.io.newURI(`https://${name}.example/`), {
                geckoViewSessionContextId: user,
                partitionKey: `(https,${top}.example)`,
              }),
          )
          .map((top) => `${name} in ${top}`),
      )
      .concat(
        Services.perms.all
          .filter(({ principal }) => principal.originAttributes.geckoViewSessionContextId === user)
          .map(({ type }) => type),
      ),
  );

// case: fill the store of HSTS
() => {
  const service = Cc["@mozilla.org/ssservice;1"].getService(Ci.nsISiteSecurityService);
  for (let i = 0; i < 1547; i++)
    service.processHeader(Services.io.newURI(`https://h${i}.filled.example/`), "max-age=999", {});
};

// case: empty the store of HSTS
() =>
  Cc["@mozilla.org/ssservice;1"]
    .getService(Ci.nsISiteSecurityService)
    .resetState(Services.io.newURI("https://filled.example/"), {}, Ci.nsISiteSecurityService.RootDomain);

// case: give no tab an attribute that keeps it apart
() => {
  const topic = "tabbrowser-browser-element-will-be-inserted";
  const without = (tab) => {
    if (!tab.hasAttribute("usercontextid")) return;
    Services.obs.removeObserver(it, topic);
    const { setAttribute } = tab;
    tab.setAttribute = (name, value) => name.startsWith("gecko") || setAttribute.call(tab, name, value);
  };
  const it = { observe: without };
  Services.obs.addObserver(it, topic);
};

// case: trust an authority
(der) => Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB).addCertFromBase64(der, "C,,");
