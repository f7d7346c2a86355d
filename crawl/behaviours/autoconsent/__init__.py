"""DuckDuckGo's autoconsent: rules that know how consent platforms are answered, and code that applies them.

A package of npm (MPL-2.0), at the version of the lock file beside this file. It is installed into a cache
folder on first use; none of its code is in this project.
"""

import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from overscripted import npm
from overscripted.crawl.javascript import script

_PACKAGE = "@duckduckgo/autoconsent"
_UNUSED = ("_metadata", "comment", "prehideSelectors", "vendorUrl")


@dataclass(frozen=True)
class _Rule:
    rule: dict[str, Any]
    main: bool  # whether it is for the page itself
    frame: bool  # whether it is for frames within a page
    url: re.Pattern[str] | None  # of the pages that it is for; None: of any


@dataclass(frozen=True)
class Autoconsent:
    """The package: its code, and its rules by the pages that they are for."""

    library: str
    rules: tuple[_Rule, ...]

    def begin(self, url: str, top: bool) -> str:
        """A JavaScript function of an action (accept, reject, detect): it begins in the frame with this URL.

        In the sandbox beside the document, ``consentOfFrame`` then lives as long as the document.
        """
        rules = [
            known.rule
            for known in self.rules
            if (known.main if top else known.frame) and (not known.url or known.url.search(url))
        ]
        return f"""(action) => {{
  if (globalThis.consentOfFrame) return;
  const module = {{ exports: {{}} }};
  const console = {{ log() {{}}, warn() {{}}, error() {{}} }};
  ((module, exports) => {{
{self.library}
  }})(module, module.exports);
  globalThis.consentOfFrame = (() => {{
{script(("js/beside_page/consent.js",))}
    return beginConsent(module.exports, action, {json.dumps(rules)});
  }})();
}}"""


@functools.cache
def load() -> Autoconsent:
    """The package, installed unless it is. Raises SoftwareMissing without npm, OutsideError if npm fails."""
    folder = npm.installed(Path(__file__).parent) / _PACKAGE
    library = (folder / "dist/autoconsent.cjs.js").read_text("utf-8")
    rules = json.loads((folder / "rules/rules.json").read_text("utf-8"))["autoconsent"]
    return Autoconsent(library, tuple(map(_rule, rules)))


def _rule(rule: dict[str, Any]) -> _Rule:
    context = rule.get("runContext", {})
    pattern = context.get("urlPattern")
    used = {name: value for name, value in rule.items() if name not in _UNUSED}
    url = re.compile(pattern) if pattern else None
    return _Rule(used, context.get("main", True), context.get("frame", False), url)
