// Measures the memory and CPU time of each process of this Firefox.
// World: Firefox's parent process, privileged.
"use strict";

/**
 * Returns JSON text: `memory` of this process (bytes), `children` as [pid, user context or 0, memory, CPU time (ns)].
 */
async function processInfo() {
  const { memory, children } = await ChromeUtils.requestProcInfo();
  const found = children.map((child) => {
    const user = /userContextId=(\d+)/.exec(child.origin)?.[1];
    return [child.pid, user ? Number(user) : 0, child.memory, child.cpuTime];
  });
  return JSON.stringify({ memory, children: found });
}
