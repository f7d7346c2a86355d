"""Documents of the demo web: each builds its HTML and its truth in the same breath."""

from dataclasses import dataclass, field, replace

from overscripted.demo.look import decorate
from overscripted.demo.planted import Code, Made
from overscripted.urls import on_network


@dataclass(frozen=True)
class Planted:
    """Calls that a perfect crawl records, exactly ``n`` times, in one document by one script.

    ``context`` is the document whose rights that one has: itself, where it has a network address.
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
    """A script on a document (a distinct pair) that belongs to a replay provider or mining host."""

    location: str
    script_url: str
    owner: str
    in_iframe: bool


@dataclass(frozen=True)
class Script:
    """A script file. ``code`` is ours and counted; ``library`` is third-party and follows it, uncounted.

    ``replay`` and ``mining`` name the provider or miner it belongs to, where it does. A script whose
    ``code`` makes no call leaves no reference.
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
        """What is served."""
        head = f"/* {self.url} */\n{self.code.js}\n".encode()
        return head + self.library + f"\n{self.after}\n".encode()


@dataclass
class Document:
    """A document at ``location``: what it holds, and what a perfect crawl finds in it and its frames.

    ``libraries`` are the scripts whose own calls are not counted: they may make any. ``final`` is where
    redirects lead, ``outcome`` and ``status`` what a crawl of it ends in; ``seed`` pages are linked to.
    """

    location: str
    title: str = ""
    parts: list[str] = field(default_factory=list)
    planted: list[Planted] = field(default_factory=list)
    replay: list[Reference] = field(default_factory=list)
    mining: list[Reference] = field(default_factory=list)
    scripts: dict[str, Script] = field(default_factory=dict)
    frames: list[tuple[str, str]] = field(default_factory=list)
    children: list["Document"] = field(default_factory=list)
    libraries: set[str] = field(default_factory=set)
    headers: dict[str, str] = field(default_factory=dict)
    lang: str = "en"
    outcome: str = "complete"
    final: str = ""
    status: int = 200
    seed: bool = True

    def add(self, html: str) -> "Document":
        """Markup."""
        self.parts.append(html)
        return self

    def inline(self, code: Code) -> "Document":
        """An inline script."""
        self.plant(code, self.location)
        return self.add(f"<script>\n{code.js}\n</script>")

    def load(self, script: Script, attributes: str = "") -> "Document":
        """A script element with a ``src``."""
        self.use(script)
        space = " " if attributes else ""
        return self.add(f'<script src="{script.url}"{space}{attributes}></script>')

    def use(self, script: Script) -> "Document":
        """A script that the page loads by itself; only its truth, no markup."""
        self.plant(script.code, script.url)
        self.scripts[script.url] = script
        if script.library:
            self.libraries.add(script.url)
        if script.replay and script.code.made:
            self.replay.append(Reference(self.location, script.url, script.replay, False))
        if script.mining and script.code.made:
            self.mining.append(Reference(self.location, script.url, script.mining, False))
        return self

    def plant(
        self,
        code: Code | tuple[Made, ...],
        script_url: str,
        location: str | None = None,
        in_iframe: bool = False,
        realm: str = "window",
    ) -> "Document":
        """Calls that code makes somewhere in this page; only their truth, no markup."""
        place = self.location if location is None else location
        context = place if on_network(place) else self.location
        for made in code.made if isinstance(code, Code) else code:
            self.planted.append(
                Planted(
                    place,
                    context,
                    script_url,
                    made.symbol,
                    made.operation,
                    made.dynamic,
                    in_iframe,
                    realm,
                    made.n,
                )
            )
        return self

    def frame(self, child: "Document", attributes: str = "", kind: str = "iframe") -> "Document":
        """A frame that holds another document by its URL."""
        self.adopt(child, kind)
        return self.add(f'<iframe src="{child.location}" {attributes}></iframe>')

    def adopt(self, child: "Document", kind: str) -> "Document":
        """What a framed document and its own frames bring to the truth; no markup."""
        self.children.append(child)
        self.frames += [(child.location, kind), *child.frames]
        for one in child.planted:
            context = one.context if on_network(one.context) else self.location
            self.planted.append(replace(one, in_iframe=True, context=context))
        self.replay += [replace(one, in_iframe=True) for one in child.replay]
        self.mining += [replace(one, in_iframe=True) for one in child.mining]
        self.libraries |= child.libraries
        return self

    def html(self) -> str:
        """The whole document."""
        return decorate(self.title, self.lang, self.location, "\n".join(self.parts))
