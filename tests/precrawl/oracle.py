"""Firefox as the oracle for links: it loads a page from a server and says what each `a.href` is.

No driver: a page of ours in Firefox asks the server for the next cases, loads each in a frame without
scripts (as our client has none), and posts what it finds.
"""

import json
import queue
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

from tests.precrawl.web import Request, Web, http

# Runs in the harness page: ours, trusted. The case is in the frame, sandboxed.
HARNESS = """<!doctype html><meta charset=utf-8><title>oracle</title><script>
const XLINK = "http://www.w3.org/1999/xlink";
const old = (a) => (a.href?.baseVal === undefined ? null : a.getAttributeNS(XLINK, "href"));
const written = (a) => a.getAttribute("href") ?? old(a);
const read = (document) => [...document.querySelectorAll("a")].filter((a) => written(a) !== null).map((a) => {
  if (typeof a.href !== "string") {  // SVG, MathML: what an HTML link would make of it
    const html = document.createElementNS("http://www.w3.org/1999/xhtml", "a");
    html.setAttribute("href", written(a));
    a = html;
  }
  return a.protocol === ":" ? null : a.href;
});
const shown = async (path) => {
  const frame = document.createElement("iframe");
  frame.sandbox = "allow-same-origin";
  frame.src = path;
  // What Firefox shows no document for may end without a load event.
  document.body.append(frame);
  await new Promise((done) => { frame.onload = done; setTimeout(done, 2500); });
  const shown = frame.contentDocument;
  const blank = !shown || shown.URL === "about:blank" || shown.contentType !== "text/html";
  const found = blank ? null : read(shown);
  frame.remove();
  return found;
};
(async () => {
  for (;;) {
    const paths = await (await fetch("/next")).json();
    const found = await Promise.all(paths.map(shown));
    if (found.length) await fetch("/found", {method: "POST", body: JSON.stringify(found)});
  }
})();
</script><body>"""


Answer = Callable[[Request], bytes]


class Oracle:
    """Use as a context manager; `ask` gives the hrefs of a page in order, None for one that is no URL."""

    def __enter__(self) -> "Oracle":
        self._asked: queue.Queue[list[str]] = queue.Queue()
        self._found: queue.Queue[Any] = queue.Queue()
        self._cases: dict[str, Answer] = {}
        self._count = 0
        self._web = Web(self._site)
        self._web.keep_log = False
        self._web.__enter__()
        self._profile = tempfile.mkdtemp(prefix="overscripted-oracle-")
        with open(f"{self._profile}/user.js", "w") as file:
            file.write('user_pref("browser.shell.checkDefaultBrowser", false);\n')
            file.write('user_pref("app.update.disabledForTesting", true);\n')
            file.write('user_pref("datareporting.policy.dataSubmissionEnabled", false);\n')
            file.write('user_pref("network.proxy.type", 0);\n')
        self._firefox = subprocess.Popen(
            ["firefox-esr", "--headless", "--no-remote", "--profile", self._profile, f"{self._web.proxy}/"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return self

    def __exit__(self, *_: Any) -> None:
        self._firefox.terminate()
        try:
            self._firefox.wait(20)
        except subprocess.TimeoutExpired:
            self._firefox.kill()
            self._firefox.wait()
        self._web.__exit__()
        shutil.rmtree(self._profile, ignore_errors=True)

    def ask(self, body: bytes, content_type: str, path: str) -> tuple[str, list[str | None]]:
        """URL of the page, and what Firefox says of each ``<a href>``."""
        where, found = self.answered(lambda _: http(body, type=content_type), path)
        assert found is not None, "no document"
        return where, found

    def answered(self, answer: "Answer", path: str = "") -> tuple[str, list[str | None] | None]:
        """The same for whatever bytes a server answers to all below a folder; None for what is no HTML page.

        An answer that holds HTML has to end with the connection.
        """
        (one,) = self.all_answered([answer], path)
        return one

    def all_answered(
        self, answers: "Sequence[Answer]", path: str = ""
    ) -> list[tuple[str, list[str | None] | None]]:
        """The same for several answers at a time: one wait for all those that Firefox shows no document for.

        They have their cookies in common. Firefox opens six connections to a server at a time.
        """
        folders = [f"/case/{self._count + n}/" for n in range(len(answers))]
        self._count += len(answers)
        self._cases.update(zip(folders, answers, strict=True))
        self._asked.put([f"{folder}{path}" for folder in folders])
        urls = [f"{self._web.proxy}{folder}{path}" for folder in folders]
        return list(zip(urls, self._found.get(timeout=60), strict=True))

    def _site(self, request: Request) -> bytes | str | None:
        path = request.path.partition("?")[0]
        if path == "/":
            return HARNESS
        if path == "/next":
            try:
                return http(json.dumps(self._asked.get(timeout=5)), type="application/json")
            except queue.Empty:
                return http("[]", type="application/json")
        if path == "/found":
            size = int(request.headers["content-length"])
            data = b""
            while len(data) < size:
                data += request.file.read(size - len(data))
            self._found.put(json.loads(data))
            return http("")
        folder = "/".join(path.split("/")[:3]) + "/"
        if folder in self._cases:
            return self._cases[folder](request)
        return http(b"", status="404 Not Found")
