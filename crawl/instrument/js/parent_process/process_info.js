// Measures the memory and CPU time of each process of this Firefox.
// World: Firefox's parent process, privileged.
"use strict";

/**
 * Returns JSON text: `memory` of this process (bytes), `children` as [pid, user context or 0, memory, CPU time (ns), kind,
 * site, threads of workers as [thread id, CPU time (ns)]].
 */
async function processInfo() {
  const { memory, children } = await ChromeUtils.requestProcInfo();
  const found = children.map(({ pid, origin, memory, cpuTime, type, threads }) => {
    const user = /userContextId=(\d+)/.exec(origin)?.[1];
    if (!user) return [pid, 0, memory, cpuTime, type, "", []];
    const workers = threads.filter(({ name }) => name === "DOM Worker").map(({ tid, cpuTime }) => [tid, cpuTime]);
    return [pid, Number(user), memory, cpuTime, type, origin.split("^", 1)[0], workers];
  });
  return JSON.stringify({ memory, children: found });
}
