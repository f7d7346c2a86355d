// Says which code of a page asked for a request: the stack that the page's process saw when the request began, under
// the number that Firefox gives extensions for the request.
// World: Firefox's parent process, privileged. Stacks are text to it, with names that pages chose.
"use strict";

function Callstacks(emit) {
  const WAITING = 10_000; // stacks whose request is yet to come, which is mostly the next thing to come
  const MOST = 2 ** 20; // characters of one
  const stacks = new Map(); // channel's number -> {user, stack}

  function asked(channel) {
    const { channelId } = channel.QueryInterface(Ci.nsIIdentChannel);
    const known = stacks.get(channelId);
    if (!known) return;
    stacks.delete(channelId);
    if (known.user !== channel.QueryInterface(Ci.nsIChannel).loadInfo.originAttributes.userContextId) return;
    const request = String(ChannelWrapper.get(channel).id);
    /** @type {Protocol.CallStack} */
    const message = {
      type: PROTOCOL.message.CALLSTACK,
      container_id: cookieStoreIdOf(known.user),
      request_id: request,
      call_stack: known.stack,
    };
    emit(message);
  }

  Services.obs.addObserver({ observe: asked }, "http-on-opening-request");
  return {
    /** A process is about to open a channel, and says so before it asks this one for it. */
    opening({ channel, user, stack }) {
      if (typeof user !== "number" || typeof stack !== "string" || stacks.has(channel)) return;
      if (stacks.size >= WAITING) stacks.delete(stacks.keys().next().value); // refused, and never asked for
      stacks.set(channel, { user, stack: stack.slice(0, MOST) });
    },
    forget(user) {
      for (const [channel, known] of stacks) if (known.user === user) stacks.delete(channel);
    },
  };
}
