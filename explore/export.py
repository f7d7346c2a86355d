"""Write pages of the explorer as files that can be published: linked relatively, without server or network.

A page is rendered with a mark in the place of each address. When all pages are there, each mark becomes the
relative address of its file, or goes, where that page is not among them. The folder appears as a whole or not
at all.
"""

import hashlib
import posixpath
import re
import shutil
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from overscripted.errors import InputError
from overscripted.explore import tables, views
from overscripted.explore.data import RunData
from overscripted.explore.downloads import FORMATS
from overscripted.explore.linked import Target
from overscripted.explore.links import Links
from overscripted.explore.model import Asked, Content, NotFound
from overscripted.explore.registry import all_pages
from overscripted.explore.settings import EXPORT_PREVIEW_ROWS, MOST_PAGE_ROWS
from overscripted.explore.state import COMPARISONS, State
from overscripted.explore.templating import STATIC, render
from overscripted.explore.views import View
from overscripted.explore.web import download, frame
from overscripted.record_kinds import RECORD_KINDS

_MARKER = ".overscripted-explore"  # a file of a folder that an export may replace
_MARK = re.compile(r' (href|src)="page:([0-9a-f]{32})"')
_PERSONAL = {(kind.table.name, column) for kind in RECORD_KINDS for column in kind.personal}


class _Place(NamedTuple):
    """A page or download to write: what it shows, and its file below the folder."""

    target: Target
    file: str


class FileLinks(Links):
    """Addresses as marks. ``places`` are the pages that were linked, by their mark."""

    static = True
    preview_rows = EXPORT_PREVIEW_ROWS

    def __init__(self, data: RunData) -> None:
        super().__init__(data.name)
        self._data = data
        self.places: dict[str, _Place] = {}
        self.found: list[str] = []  # marks in the order in which they were first linked

    def page(self, target: Target | None) -> str | None:
        """A mark for a page that is published; None for others."""
        if target is None:
            return None
        known = all_pages().get(target.path)
        if (known and known.published) or self._is_view(target):
            return self._mark(target)
        return None

    def view(self, view: View, state: State, format: str = "", **changes: object) -> str | None:
        """A mark for a view without filters in its first order, or its rows as CSV; None for other states."""
        if state.filters or format not in ("", ".csv") or {"sort", "facets", "page"} & changes.keys():
            return None
        return self.page(Target(f"t/{view.name}{format}", ()))

    def asset(self, name: str) -> str:
        """A mark for a style sheet or script."""
        return self._mark(Target(f"static/{name}", ()))

    def hides(self, view: View, column: str) -> bool:
        """Whether a column has what identifies a browser, or what was said to it."""
        return (view.name, column) in _PERSONAL or (view.name in self._data.findings and column == "value")

    def _is_view(self, target: Target) -> bool:
        name = target.path.removeprefix("t/").removesuffix(".csv")
        shown = name in views.NAVIGATION and name not in self._data.tables
        return target.path.startswith("t/") and not target.keys and (shown or name in self._data.findings)

    def _mark(self, target: Target) -> str:
        mark = hashlib.sha256(repr(target).encode()).hexdigest()[:32]
        if mark not in self.places:
            self.places[mark] = _Place(target, _file(target, mark))
            self.found.append(mark)
        return f"page:{mark}"


def _file(target: Target, mark: str) -> str:
    """The file of a page: readable, and unlike that of any other page on any file system."""
    if target.path.startswith(("static/", "t/")):
        return target.path if "." in target.path[-8:] and not target.keys else f"{target.path}.html"
    if not target.keys:
        return f"{target.path or 'index'}.html"
    words = re.sub(r"[^a-z0-9]+", "-", "-".join(value for _, value in target.keys).lower()).strip("-")
    return f"{target.path}/{words[:48]}-{mark[:12]}.html"


def export(data: RunData, folder: Path, most: int, say: Callable[[str], None]) -> int:
    """Write the first page, and what it leads to, up to ``most`` pages of each kind; how many pages.

    Replaces an earlier export as a whole. Raises InputError for a folder that holds something else.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / _MARKER).exists():
        raise InputError(f"--export {folder}: not empty, and no earlier export; name a new folder")
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    links = FileLinks(data)
    links.page(Target("", ()))
    written = _write_all(data, links, partial, most, say)
    for path in written.values():
        _resolve(partial, path, {mark: path for mark, path in written.items()})
    (partial / _MARKER).write_text(f"{data.run.crawl_id}\n", encoding="utf-8")
    if folder.exists():
        shutil.rmtree(folder)
    partial.rename(folder)
    return sum(path.endswith(".html") for path in written.values())


def _write_all(
    data: RunData, links: FileLinks, partial: Path, most: int, say: Callable[[str], None]
) -> dict[str, str]:
    """Write pages with marks, first those that were linked first; the files by their marks."""
    written: dict[str, str] = {}
    kinds: Counter[str] = Counter()
    waiting = deque(links.found)
    while waiting:
        mark = waiting.popleft()
        target, file = links.places[mark]
        if kinds[target.path] >= most:
            continue
        kinds[target.path] += 1
        known = len(links.found)
        if not _write(data, links, target, partial / file):
            continue
        written[mark] = file
        waiting.extend(links.found[known:])
        if len(written) % 200 == 0:
            say(f"explore: {len(written):,} pages written")
    return written


def _write(data: RunData, links: FileLinks, target: Target, path: Path) -> bool:
    """Write a page with its marks, or a download or asset; whether there is one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if target.path.startswith("static/"):
        shutil.copyfile(STATIC / target.path.removeprefix("static/"), path)
        return True
    if target.path.startswith("t/"):
        return _write_view(data, links, target.path.removeprefix("t/"), path)
    try:
        content = all_pages()[target.path].answer(Asked(data, target.keys, links))
    except NotFound:
        return False
    if not isinstance(content, Content):
        return False
    values = {"title": content.title, "here": target.path, **content.values}
    path.write_text(_html(data, links, content.template, values), "utf-8", "replace")
    return True


def _write_view(data: RunData, links: FileLinks, name: str, path: Path) -> bool:
    view = views.view(data, name.removesuffix(".csv"))
    if view is None:
        return False
    if name.endswith(".csv"):
        with path.open("wb") as file:
            names = tuple(c.name for c in view.columns if not links.hides(view, c.name))
            file.writelines(download(data, view, State(columns=names), FORMATS[".csv"]))
        return True
    shown = tables.whole(data, links, view, State(rows=MOST_PAGE_ROWS))
    values = {"title": view.title, "here": f"t/{name}", "table": shown, "comparisons": COMPARISONS}
    values |= {"snippets": [], "formats": [".csv"], "most": 0}
    path.write_text(_html(data, links, "table.html.j2", values), "utf-8", "replace")
    return True


def _html(data: RunData, links: FileLinks, template: str, values: dict[str, object]) -> str:
    return render(template, **{**frame({data.name: data}, data, links), **values})


def _resolve(folder: Path, file: str, written: dict[str, str]) -> None:
    """Put relative addresses in the place of the marks of a page."""
    if not file.endswith(".html"):
        return

    def address(found: re.Match[str]) -> str:
        where = written.get(found[2])
        return f' {found[1]}="{posixpath.relpath(where, posixpath.dirname(file) or ".")}"' if where else ""

    path = folder / file
    path.write_text(_MARK.sub(address, path.read_text("utf-8")), "utf-8")
