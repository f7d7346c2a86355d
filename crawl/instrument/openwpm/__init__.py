"""The reference instrument: OpenWPM's JavaScript, as published on npm, records instead of our recorder.

Its modules are joined without their ``import`` and ``export``, and unchanged otherwise. The background page
of the extension, `background.js`, converts what they send to our protocol. It sends it by a function that
`content_process.js` defines there. `document.js` reports documents.
"""

import re
from importlib import resources
from pathlib import Path
from typing import Any

from overscripted import npm
from overscripted.crawl.instrument.protocol import constants
from overscripted.crawl.javascript import script

FOLDER = Path(str(resources.files("overscripted.crawl") / "instrument" / "openwpm"))
_MODULES = (
    "lib/js-instruments.js",
    "lib/instrument-fingerprinting-apis.js",
    "content/javascript-instrument-page-scope.js",
    "content/javascript-instrument-content-scope.js",
)
_IMPORT = re.compile(r"^import .*$", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=function|const)", re.MULTILINE)
_MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)


def put_into(extension: Path) -> dict[str, Any]:
    """Give an unpacked extension OpenWPM's instrument as its content script.

    Returns further members of its manifest. Raises what `npm` raises.
    """
    build = npm.installed(FOLDER) / "@openwpm" / "webext-instrumentation" / "build" / "module"
    texts = [
        _MAP.sub("", _EXPORT.sub("", _IMPORT.sub("", (build / name).read_text("utf-8")))) for name in _MODULES
    ]
    folder = extension / "openwpm"
    folder.mkdir()
    body = "\n".join([*texts, "injectJavascriptInstrumentPageScript();"])
    (folder / "content.js").write_text(f"(() => {{\n{body}\n}})();\n", "utf-8")
    background = script(("openwpm/background.js",), PROTOCOL=constants())
    (folder / "background.js").write_text(background, "utf-8")
    # As OpenWPM registers it: every frame, about:blank, but no frames of opaque origin.
    content = {"matches": ["<all_urls>"], "js": ["openwpm/content.js"], "run_at": "document_start"}
    return {
        "content_scripts": [{**content, "all_frames": True, "match_about_blank": True}],
        "background": {"scripts": ["openwpm/background.js"], "persistent": True},
        "permissions": ["<all_urls>", "contextualIdentities", "tabs"],
    }
