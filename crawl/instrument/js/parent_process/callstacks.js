// Sends the JavaScript stack of each request: the stack that the page's process saw when the request began. Its number
// is the one by which extensions know the request.
// World: Firefox's parent process, privileged. A stack is text with names that pages chose.
"use strict";

function Callstacks(emit) {
  const WAITING = 10_000; // stacks that wait for their requests; most requests follow at once
  const MOST = 2 ** 20; // characters of one stack
  const stacks = new Map(); // number of a channel -> {user, stack}

  function opened(channel) {
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

  Services.obs.addObserver({ observe: opened }, "http-on-opening-request");
  return {
    /**
     * A content process is about to open a channel. It reports that before it asks the parent process for the channel.
     */
    opening({ channel, user, stack }) {
      if (typeof user !== "number" || typeof stack !== "string" || stacks.has(channel)) return;
      if (stacks.size >= WAITING) stacks.delete(stacks.keys().next().value); // the oldest: its request was refused
      stacks.set(channel, { user, stack: stack.slice(0, MOST) });
    },
    forget(user) {
      for (const [channel, known] of stacks) if (known.user === user) stacks.delete(channel);
    },
  };
}
