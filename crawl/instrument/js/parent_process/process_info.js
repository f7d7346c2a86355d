// Says what memory and CPU time each process of this Firefox uses.
// World: Firefox's parent process, privileged.
"use strict";

/** As JSON text: `memory` of this process in bytes, `children` as [pid, user context or 0, memory in bytes, CPU in ns]. */
async function processInfo() {
  const { memory, children } = await ChromeUtils.requestProcInfo();
  const found = children.map((child) => {
    const user = /userContextId=(\d+)/.exec(child.origin)?.[1];
    return [child.pid, user ? Number(user) : 0, child.memory, child.cpuTime];
  });
  return JSON.stringify({ memory, children: found });
}
