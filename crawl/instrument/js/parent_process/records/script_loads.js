// Sends what the request of each script becomes: a script, a module, a worker; and who asked for it.
// World: Firefox's parent process, privileged. Firefox itself knows both, whatever a page or policy says.
"use strict";

ParentRecords.add("script_loads", ({ emit, onBegun }) => {
  const URL = 100_000; // characters of an address
  const P = Ci.nsIContentPolicy;
  // Type of a request inside Firefox -> what it becomes. The parser asks ahead for what it finds.
  const KINDS = new Map([
    [P.TYPE_INTERNAL_SCRIPT, "script"],
    [P.TYPE_INTERNAL_SCRIPT_PRELOAD, "script"],
    [P.TYPE_INTERNAL_MODULE, "module"],
    [P.TYPE_INTERNAL_MODULE_PRELOAD, "module"],
    [P.TYPE_INTERNAL_WORKER_STATIC_MODULE, "module"],
    [P.TYPE_INTERNAL_WORKER, "worker"],
    [P.TYPE_INTERNAL_SHARED_WORKER, "sharedworker"],
    [P.TYPE_INTERNAL_SERVICE_WORKER, "serviceworker"],
    [P.TYPE_INTERNAL_WORKER_IMPORT_SCRIPTS, "importScripts"],
  ]);

  const isOfParser = (channel, type, referrer) => {
    if (type === P.TYPE_INTERNAL_SCRIPT_PRELOAD) return true;
    if (type !== P.TYPE_INTERNAL_MODULE_PRELOAD) return false;
    // Firefox asks ahead also for what such a module imports. The referrer of that is the module. What the parser
    // finds has its document as the referrer; a document without an address of its own has an outer document.
    if (!referrer) return true;
    for (let context = channel.loadInfo.browsingContext; context; context = context.parent) {
      if (context.currentWindowGlobal?.documentURI.equalsExceptRef(referrer)) return true;
    }
    return false;
  };

  const announced = new WeakSet(); // wrappers of requests; Firefox may announce a hop twice

  onBegun((channel, user, { request_id, hop }) => {
    const type = channel.loadInfo.internalContentPolicyType;
    const loaded_as = KINDS.get(type);
    const wrapper = ChannelWrapper.get(channel);
    if (!loaded_as || hop !== 0 || announced.has(wrapper)) return;
    announced.add(wrapper);
    const referrer = channel.referrerInfo?.originalReferrer ?? null;
    /** @type {Protocol.ScriptLoad} */
    const message = {
      type: PROTOCOL.message.SCRIPT_LOAD,
      container_id: cookieStoreIdOf(user),
      request_id,
      loaded_as,
      by_parser: isOfParser(channel, type, referrer),
      referrer: referrer?.spec.slice(0, URL) ?? null,
      time_stamp: Date.now(),
    };
    emit(message);
  });
});
