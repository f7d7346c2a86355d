// Asks content processes for a content of each document of a visit at its end, and keeps it. Two kinds in `records/` use
// this.
// World: Firefox's parent process, privileged. After visit_tabs.js. A content is bytes of a page; nothing here runs it.
"use strict";

const PageContents = (() => {
  const MOST = 100; // documents of one visit
  const BYTES = 32 * 2 ** 20; // of one document: more than content_process/pages.js gives

  /** The documents that a user context shows: those of the visited page first, then those of pop-ups. */
  function windowsOf(user) {
    return [...contextsOfVisit(user)].map(({ currentWindowGlobal }) => currentWindowGlobal).filter((window) => window);
  }

  /** The members of a message about a document: its visit, frame and address, and the file with its content. */
  async function membersOf(user, window, answer, { files, frameMembers }) {
    const { content, url, mime_type, cut } = answer;
    const frame = frameMembers(user, window); // before anything is waited for: the window may end
    const time = Date.now();
    return { ...frame, url, mime_type, is_cut: cut, time_stamp: time, file: await files.keep(user, content) };
  }

  return {
    /** The windows of the top documents: that of the visited page, then those of pop-ups. */
    topWindowsOf: (user) => windowsOf(user).filter(({ browsingContext }) => !browsingContext.parent),
    /**
     * Ask for a content of every document of a visit. `emit(answer, members)` sends each; for `members` see above.
     * `table` gets the rows. Gaps with its name count documents that are left out or not kept whole.
     */
    async ask(user, table, what, tools, emit) {
      const windows = windowsOf(user);
      if (windows.length > MOST) tools.gap(user, `${table} over the limit`);
      const kept = new Map(windows.slice(0, MOST).map((window) => [window.innerWindowId, window]));
      const sent = [];
      const handle = (number, answer) => {
        const window = kept.get(number);
        kept.delete(number); // each document answers once
        if (!window || !(answer.content?.byteLength <= BYTES)) return;
        if (answer.cut) tools.gap(user, `${table} cut`);
        sent.push(membersOf(user, window, answer, tools).then((members) => emit(answer, members)));
      };
      await tools.ask(user, what, [...kept.keys()], handle);
      await Promise.all(sent);
    },
  };
})();
