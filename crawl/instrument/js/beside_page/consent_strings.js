// Asks the page's consent platform for its strings, by the functions that the IAB specifies.
// World: the sandbox of behaviours beside a document. All that it reads is the page's, and is checked and cut.
"use strict";

/**
 * Promises {tcf, gpp, usp}: each {answer, text}. `answer` is absent, silent, threw, answered or empty, and of `tcf`
 * cookie, where only the platform's cookie has the string.
 */
async function consentStrings() {
  const LONGEST = 10_000; // characters of a string: the longest known ones have a few thousand
  const WAIT_MS = 1_000; // for all answers
  const TRY_MS = 50;
  const page = window.wrappedJSObject;

  const textOf = (value) => (typeof value === "string" ? value.slice(0, LONGEST) : "");

  /**
   * Asks the platform. It is given a native function of the page, which puts the answer into an array of the page. So
   * the platform gets nothing of ours. A promise makes the call, so the platform's stack has no frame of ours.
   */
  function ask(name, member, ...words) {
    try {
      if (typeof page[name] !== "function") return () => ({ answer: "absent", text: "" });
      const got = page.Array();
      const listener = page.Array.prototype.push.bind(got);
      let threw = false;
      const call = Function.prototype.bind.call(page[name], page, ...words, listener);
      Promise.resolve()
        .then(call)
        .catch(() => (threw = true));
      return () => {
        if (!(got.length > 0)) return { answer: threw ? "threw" : "silent", text: "" };
        const answer = got[0];
        const known = answer !== null && typeof answer === "object";
        const text = textOf(known ? Object.getOwnPropertyDescriptor(answer, member)?.value : undefined);
        return { answer: text ? "answered" : "empty", text };
      };
    } catch {
      return () => ({ answer: "threw", text: "" });
    }
  }

  function look(asked) {
    try {
      return asked();
    } catch {
      return { answer: "threw", text: "" };
    }
  }

  function cookie(name) {
    const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
    return textOf(found?.slice(name.length + 1));
  }

  const asked = [
    ask("__tcfapi", "tcString", "getTCData", 2),
    ask("__gpp", "gppString", "ping"),
    ask("__uspapi", "uspString", "getUSPData", 1),
  ];
  await null; // the calls are made
  let found = asked.map(look);
  for (let ms = 0; ms < WAIT_MS && found.some(({ answer }) => answer === "silent"); ms += TRY_MS) {
    await new Promise((resolve) => setTimeout(resolve, TRY_MS));
    found = asked.map(look);
  }
  let [tcf] = found;
  if (!tcf.text) {
    let text = "";
    try {
      text = cookie("euconsent-v2");
    } catch {
      // The page may have no cookies.
    }
    if (text) tcf = { answer: "cookie", text };
  }
  return { tcf, gpp: found[1], usp: found[2] };
}
