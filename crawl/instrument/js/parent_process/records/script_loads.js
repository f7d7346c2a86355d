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
  const AHEAD = new Set([P.TYPE_INTERNAL_SCRIPT_PRELOAD, P.TYPE_INTERNAL_MODULE_PRELOAD]);

  const announced = new WeakSet(); // wrappers of requests; Firefox may announce a hop twice

  onBegun((channel, user, { request_id, hop }) => {
    const type = channel.loadInfo.internalContentPolicyType;
    const loaded_as = KINDS.get(type);
    const wrapper = ChannelWrapper.get(channel);
    if (!loaded_as || hop !== 0 || announced.has(wrapper)) return;
    announced.add(wrapper);
    /** @type {Protocol.ScriptLoad} */
    const message = {
      type: PROTOCOL.message.SCRIPT_LOAD,
      container_id: cookieStoreIdOf(user),
      request_id,
      loaded_as,
      by_parser: AHEAD.has(type),
      referrer: channel.referrerInfo?.originalReferrer?.spec.slice(0, URL) ?? null,
      time_stamp: Date.now(),
    };
    emit(message);
  });
});
