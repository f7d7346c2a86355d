"""The reference instrument: OpenWPM's, as published on npm, in our extension in the place of ours.

Its modules are put one after another without their ``import`` and ``export``, unchanged otherwise; what they
send is brought into our protocol by `extension-openwpm/background.js`.
"""

import json
import re
import shutil
from importlib import resources
from pathlib import Path

from overscripted import npm

FOLDER = Path(str(resources.files("crawl") / "extension-openwpm"))
_MODULES = (
    "lib/js-instruments.js",
    "lib/instrument-fingerprinting-apis.js",
    "content/javascript-instrument-page-scope.js",
    "content/javascript-instrument-content-scope.js",
)
_IMPORT = re.compile(r"^import .*$", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=function|const)", re.MULTILINE)
_MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)


def put_into(extension: Path) -> None:
    """Replace the content scripts of an unpacked extension by OpenWPM's instrument. Errors as of `npm`."""
    build = npm.installed(FOLDER) / "@openwpm" / "webext-instrumentation" / "build" / "module"
    texts = [_MAP.sub("", _EXPORT.sub("", _IMPORT.sub("", (build / name).read_text()))) for name in _MODULES]
    folder = extension / "openwpm"
    folder.mkdir()
    body = "\n".join([*texts, "injectJavascriptInstrumentPageScript();"])
    (folder / "content.js").write_text(f"(() => {{\n{body}\n}})();\n")
    for name in ("background.js", "document.js"):
        shutil.copyfile(FOLDER / name, folder / name)
    path = extension / "manifest.json"
    manifest = json.loads(path.read_text())
    # As OpenWPM registers it: every frame, about:blank, but no frames of opaque origin.
    [content] = manifest["content_scripts"]
    reporting = {**content, "js": ["settings.js", "content/channel.js", "openwpm/document.js"]}
    del content["match_origin_as_fallback"]
    content["js"] = ["openwpm/content.js"]
    manifest["content_scripts"] = [content, reporting]
    manifest["background"]["scripts"].insert(-1, "openwpm/background.js")
    path.write_text(json.dumps(manifest))
