"""Documents of the demo web: each builds its HTML together with its truth."""

from dataclasses import dataclass, field, replace
from typing import Any

from overscripted.demo.page_style import decorate
from overscripted.demo.planted import ApiCalls, Code
from overscripted.outcomes import Outcome
from overscripted.urls import on_network


@dataclass(frozen=True)
class ExpectedCalls:
    """Calls that a perfect crawl records exactly ``n`` times, in one document by one script.

    ``location`` is that document. ``context`` is the document whose rights it has: itself, if it has a
    network address.
    """

    location: str
    context: str
    script_url: str
    symbol: str
    operation: str
    dynamic: bool
    in_iframe: bool
    realm: str
    n: int


@dataclass(frozen=True)
class Reference:
    """A distinct pair of document and script, where the script is a replay provider's or a miner's."""

    location: str
    script_url: str
    owner: str
    in_iframe: bool


@dataclass(frozen=True)
class Script:
    """A script file: our ``code``, then a third-party ``library``, then ``after``.

    Only the calls of ``code`` are counted. ``replay`` and ``mining`` name the script's provider or miner.
    A script whose ``code`` makes no call leaves no reference.
    """

    url: str
    code: Code
    library: bytes = b""
    replay: str = ""
    mining: str = ""
    after: str = ""
    kind: str = "text/javascript; charset=utf-8"

    @property
    def body(self) -> bytes:
        """The bytes that are served."""
        head = f"/* {self.url} */\n{self.code.js}\n".encode()
        return head + self.library + f"\n{self.after}\n".encode()


@dataclass
class Document:
    """A document at ``location``: its content, and what a perfect crawl finds in it and in its frames.

    ``records`` are rows of other tables, see `expect`. ``worker_cpu_s`` is the least CPU time of its
    workers, in seconds. ``libraries`` are URLs of scripts with a third-party library, which may make any
    calls. ``findings`` are what analyses must find on it, see `finds`. ``final`` is the URL after
    redirects. A visit ends with ``outcome`` and ``status``. Front pages link to ``seed`` pages.
    """

    location: str
    title: str = ""
    parts: list[str] = field(default_factory=list)
    planted: list[ExpectedCalls] = field(default_factory=list)
    replay: list[Reference] = field(default_factory=list)
    mining: list[Reference] = field(default_factory=list)
    scripts: dict[str, Script] = field(default_factory=dict)
    frames: list[tuple[str, str]] = field(default_factory=list)
    children: list["Document"] = field(default_factory=list)
    records: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    findings: dict[str, list[str]] = field(default_factory=dict)
    worker_cpu_s: float = 0.0
    libraries: set[str] = field(default_factory=set)
    headers: dict[str, str] = field(default_factory=dict)
    lang: str = "en"
    outcome: Outcome = Outcome.COMPLETE
    final: str = ""
    status: int = 200
    seed: bool = True

    def add(self, html: str) -> "Document":
        """Add markup."""
        self.parts.append(html)
        return self

    def inline(self, code: Code) -> "Document":
        """Add an inline script."""
        self.plant(code, self.location)
        return self.add(f"<script>\n{code.js}\n</script>")

    def load(self, script: Script, attributes: str = "") -> "Document":
        """Add a script element with a ``src``."""
        self.use(script)
        space = " " if attributes else ""
        return self.add(f'<script src="{script.url}"{space}{attributes}></script>')

    def use(self, script: Script) -> "Document":
        """Add the truth of a script that the page loads by itself; no markup."""
        self.plant(script.code, script.url)
        self.scripts[script.url] = script
        if script.library:
            self.libraries.add(script.url)
        if script.replay and script.code.calls:
            self.replay.append(Reference(self.location, script.url, script.replay, False))
        if script.mining and script.code.calls:
            self.mining.append(Reference(self.location, script.url, script.mining, False))
        return self

    def plant(
        self,
        code: Code | tuple[ApiCalls, ...],
        script_url: str,
        location: str | None = None,
        in_iframe: bool = False,
        realm: str = "window",
    ) -> "Document":
        """Add the truth of calls that code makes in this page; no markup."""
        document = self.location if location is None else location
        context = document if on_network(document) else self.location
        for call in code.calls if isinstance(code, Code) else code:
            self.planted.append(
                ExpectedCalls(
                    document,
                    context,
                    script_url,
                    call.symbol,
                    call.operation,
                    call.dynamic,
                    in_iframe,
                    realm,
                    call.n,
                )
            )
        return self

    def frame(self, child: "Document", attributes: str = "", kind: str = "iframe") -> "Document":
        """Add a frame with another document."""
        self.adopt(child, kind)
        return self.add(f'<iframe src="{child.location}" {attributes}></iframe>')

    def adopt(self, child: "Document", kind: str) -> "Document":
        """Add the truth of a framed document and its own frames; no markup."""
        self.children.append(child)
        self.frames += [(child.location, kind), *child.frames]
        for expected in child.planted:
            context = expected.context if on_network(expected.context) else self.location
            self.planted.append(replace(expected, in_iframe=True, context=context))
        self.replay += [replace(reference, in_iframe=True) for reference in child.replay]
        self.mining += [replace(reference, in_iframe=True) for reference in child.mining]
        self.libraries |= child.libraries
        return self

    def expect(self, table: str, *rows: dict[str, Any]) -> "Document":
        """Add the truth of a table: the visit of this page has these rows and no others.

        All rows that a page expects of a table have the same columns. Other columns are not compared. Without
        rows, the visit has none.
        """
        self.records.setdefault(table, []).extend(rows)
        return self

    def finds(self, analysis: str, *facts: str) -> "Document":
        """Add what an analysis must find on this page, as `check_findings` words it."""
        self.findings.setdefault(analysis, []).extend(facts)
        return self

    def html(self) -> str:
        """The whole document."""
        return decorate(self.title, self.lang, self.location, "\n".join(self.parts))
