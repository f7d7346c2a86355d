// The little that pages do by themselves: light or dark, a key for the search, and where an inspection stands.
// All works without it. World: the explorer's pages. Trusts nothing: what it shows of an inspection is text.
"use strict";
(() => {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const show = (scheme) => {
    if (scheme === "light" || scheme === "dark") root.dataset.scheme = scheme;
  };
  let stored = null;
  try {
    stored = localStorage.getItem("scheme");
  } catch {}
  show(stored);
  button.hidden = false;
  button.addEventListener("click", () => {
    const dark = root.dataset.scheme
      ? root.dataset.scheme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    show(dark ? "light" : "dark");
    try {
      localStorage.setItem("scheme", root.dataset.scheme);
    } catch {}
  });

  // "/" goes to the search, as in many other tools, unless somebody is typing.
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, select, textarea, [contenteditable]");
    const search = document.querySelector(".find input");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey || !search) return;
    event.preventDefault();
    search.focus();
  });

  // What still runs says where it stands. Once it has ended, the page is loaded again, with its answer.
  const standing = document.querySelector("[data-standing]");
  const look = async () => {
    const answer = await fetch(standing.dataset.standing).catch(() => null);
    if (!answer?.ok) return;
    const text = await answer.text();
    if (!text) {
      location.reload();
      return;
    }
    if (standing.textContent !== text) standing.textContent = text;
    setTimeout(look, 1000);
  };
  if (standing) setTimeout(look, 1000);
})();
