"""Pictures of the documentation: each Mermaid block is drawn once, and shown as that SVG on the site.

python -m scripts.docs.diagrams        draws what has changed; needs npm and Firefox

A picture's name has the SHA-256 of its source, so that a changed source without a new picture is noticed.
MkDocs loads this file as a hook.
"""

import hashlib
import json
import os
import posixpath
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"
PICTURES = DOCS / "pictures"
MERMAID = "mermaid@11.17.2"
TIMEOUT_S = 60.0  # for one picture; Firefox starts in a few seconds
BLOCK = re.compile(r"^```mermaid\n(.*?)^```$", re.M | re.S)
_PAGE = """<!doctype html><meta charset="utf-8"><script src="mermaid.js"></script><script type="module">
const source = %s;
mermaid.initialize({ startOnLoad: false, theme: "neutral", htmlLabels: false, fontFamily: "sans-serif",
  flowchart: { htmlLabels: false, rankSpacing: 30 } });
const text = await mermaid.render("picture", source).then((drawn) => drawn.svg, (error) => `error: ${error}`);
await fetch("drawn", { method: "POST", body: text });
</script>"""


def name(source: str) -> str:
    """The file of a picture, from its source."""
    return f"{hashlib.sha256(source.encode()).hexdigest()[:16]}.svg"


def sources() -> Iterator[str]:
    """The source of every picture of the documentation."""
    for page in sorted(DOCS.rglob("*.md")):
        yield from BLOCK.findall(page.read_text())


def title(source: str) -> str:
    """What a picture shows, in words: its `accTitle`."""
    found = re.search(r"accTitle: *(.+)", source)
    return found[1] if found else "diagram"


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """MkDocs: put each picture in the place of its source."""
    folder = posixpath.dirname(page.file.src_uri)

    def picture(block: re.Match[str]) -> str:
        path = posixpath.relpath(f"pictures/{name(block[1])}", folder or ".")
        return f"![{title(block[1])}]({path})"

    return BLOCK.sub(picture, markdown)


def draw(source: str, mermaid: bytes) -> str:
    """The SVG of a source, drawn by Mermaid in Firefox."""
    drawn: list[str] = []
    done = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            script = self.path == "/mermaid.js"
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript" if script else "text/html")
            self.end_headers()
            self.wfile.write(mermaid if script else (_PAGE % json.dumps(source)).encode())

        def do_POST(self) -> None:
            drawn.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(204)
            self.end_headers()
            done.set()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    firefox = shutil.which("firefox-esr") or shutil.which("firefox") or "firefox"
    with tempfile.TemporaryDirectory() as profile:
        address = f"http://127.0.0.1:{server.server_port}/"
        browser = subprocess.Popen([firefox, "--headless", "--no-remote", "--profile", profile, address])
        try:
            if not done.wait(TIMEOUT_S):
                raise TimeoutError(f"{title(source)}: not drawn in {TIMEOUT_S:.0f} s")
        finally:
            browser.terminate()
            browser.wait()
            server.shutdown()
    if drawn[0].startswith("error:"):
        raise ValueError(f"{title(source)}: {drawn[0]}")
    return drawn[0].replace('style="', 'style="background: white; ', 1)  # its text is dark


def fetch() -> bytes:
    """Mermaid's script, by npm."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["npm", "pack", "--silent", MERMAID], cwd=folder, check=True, stdout=subprocess.DEVNULL
        )
        (archive,) = Path(folder).glob("*.tgz")
        shutil.unpack_archive(archive, folder)
        return (Path(folder) / "package/dist/mermaid.min.js").read_bytes()


def main() -> None:
    """Draw what has no picture, remove pictures without a source."""
    wanted = {name(source): source for source in sources()}
    PICTURES.mkdir(exist_ok=True)
    for picture in PICTURES.glob("*.svg"):
        if picture.name not in wanted:
            picture.unlink()
    missing = {file: source for file, source in wanted.items() if not (PICTURES / file).exists()}
    mermaid = fetch() if missing else b""
    for file, source in missing.items():
        (PICTURES / file).write_text(draw(source, mermaid) + "\n")
        print(f"drawn: {title(source)}: {os.path.relpath(PICTURES / file)}")


if __name__ == "__main__":
    main()
