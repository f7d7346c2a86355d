"""The web application: which address shows what, and how errors are shown."""

import mimetypes
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

import pyarrow as pa
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from overscripted import __version__
from overscripted.errors import InputError, StageMissing, UserError
from overscripted.explore import query, tables, views
from overscripted.explore.data import RunData, SlowQuery
from overscripted.explore.downloads import FORMATS, Format
from overscripted.explore.inspecting.inspections import Inspections
from overscripted.explore.links import Links
from overscripted.explore.model import Asked, File, Moved, NotFound, Page
from overscripted.explore.registry import all_pages
from overscripted.explore.settings import DOWNLOAD_BATCH, DOWNLOAD_ROWS, DOWNLOAD_SECONDS, FORM_BYTES
from overscripted.explore.snippets import snippets
from overscripted.explore.state import COMPARISONS, State, parse
from overscripted.explore.templating import STATIC, render

_Runs = Mapping[str, RunData]
_STATUS = ((NotFound, 404), (StageMissing, 404), (SlowQuery, 503), (InputError, 400))


def application(runs: _Runs, inspections: Inspections | None = None) -> Starlette:
    """The application on some runs, by their names in addresses. `guard.Guard` stands before it.

    ``inspections``: those that readers may start; None: none.
    """
    site = _Site(runs, inspections)
    routes = [Route("/", site.start), Route("/static/{name}", site.asset)]
    for page in all_pages().values():
        methods = ["GET", "POST"] if page.takes_forms else ["GET"]
        routes.append(Route(f"/{{run}}/{page.path}", site.endpoint(page), methods=methods))
    routes += [Route("/{run}/t/{name}", site.table), Route("/{rest:path}", site.nothing)]
    return Starlette(routes=routes, exception_handlers={UserError: site.error, Exception: site.fault})


def frame(runs: _Runs, data: RunData | None, links: Links | None) -> dict[str, Any]:
    """What every template needs: the navigation, the run, and how addresses are written."""
    shown = [(page.order, page.path, page.label) for page in all_pages().values() if page.label]
    if data:
        known = [name for name in views.NAVIGATION if views.view(data, name)]
        shown += [(10 + n, f"t/{name}", views.NAVIGATION[name]) for n, name in enumerate(known)]
    navigation = [(path, label) for _, path, label in sorted(shown)]
    return {"runs": runs, "data": data, "links": links, "navigation": navigation, "version": __version__}


class _Site:
    """The endpoints. What they do in queries is done in threads, so that one reader does not stop others."""

    def __init__(self, runs: _Runs, inspections: Inspections | None) -> None:
        self._runs = runs
        self._inspections = inspections

    async def start(self, request: Request) -> Response:
        if len(self._runs) == 1:
            return RedirectResponse(f"/{next(iter(self._runs))}/", 303)
        return self._html("runs.html.j2", None, title="Runs")

    async def asset(self, request: Request) -> Response:
        names = {path.name: path for path in STATIC.iterdir()}
        if (path := names.get(request.path_params["name"])) is None:
            return await self.nothing(request)
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return Response(path.read_bytes(), media_type=kind)

    async def nothing(self, request: Request) -> Response:
        raise NotFound("There is no such page.")

    def endpoint(self, page: Page) -> Callable[[Request], Any]:
        """The endpoint of a kind of page."""

        async def answer(request: Request) -> Response:
            form = await _form(request) if request.method == "POST" else {}
            return await run_in_threadpool(self._page, page, request, form)

        return answer

    async def table(self, request: Request) -> Response:
        return await run_in_threadpool(self._table, request)

    async def error(self, request: Request, error: Exception) -> Response:
        """A mistake in the address, or what the run lacks, as a page that says what to do."""
        status = next((status for kind, status in _STATUS if isinstance(error, kind)), 400)
        run = self._runs.get(request.url.path.split("/")[1])
        return self._html("error.html.j2", run, status, title="Not shown", message=str(error), status=status)

    async def fault(self, request: Request, error: Exception) -> Response:
        """The page after an error in our own code. The server prints the traceback."""
        message = "Something went wrong in Overscripted itself. The terminal shows what: please report it."
        return self._html("error.html.j2", None, 500, title="Not shown", message=message, status=500)

    def _run(self, request: Request) -> RunData:
        found = self._runs.get(request.path_params["run"])
        if found is None:
            raise NotFound("There is no such run here.")
        return found

    def _page(self, page: Page, request: Request, form: dict[str, str]) -> Response:
        data = self._run(request)
        given = request.query_params.multi_items()
        content = page.answer(Asked(data, given, Links(data.name), form, self._inspections))
        if isinstance(content, Moved):
            return RedirectResponse(content.href, 303)
        if isinstance(content, File):
            return _file(content)
        values = {"title": content.title, "here": page.path, **content.values}
        return self._html(content.template, data, content.status, **values)

    def _table(self, request: Request) -> Response:
        data, name = self._run(request), request.path_params["name"]
        format = next((known for known in FORMATS if name.endswith(known)), "")
        view = views.view(data, name.removesuffix(format))
        if view is None:
            data.need(name.removesuffix(format))
            raise NotFound("There is no such table.")
        given = request.query_params.multi_items()
        links = Links(data.name)
        if any(key in _OF_FORMS for key, _ in given):
            address = links.view(view, parse(view, _canonical(given)))
            return RedirectResponse(address or "/", 303)
        state = parse(view, given)
        if format:
            return _download(data, view, state, format)
        return self._html(
            "table.html.j2",
            data,
            title=view.title,
            here=f"t/{view.name}",
            table=tables.whole(data, links, view, state),
            comparisons=COMPARISONS,
            snippets=snippets(data, view, state),
            formats=list(FORMATS),
            most=DOWNLOAD_ROWS,
        )

    def _html(self, template: str, data: RunData | None, status_code: int = 200, **values: Any) -> Response:
        links = Links(data.name) if data else None
        values = {"here": "", **frame(self._runs, data, links), **values}
        return Response(render(template, **values), status_code, media_type="text/html")


_OF_FORMS = ("_column", "_comparison", "_value", "_shown")


def _canonical(given: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The parameters of a view for those of its forms: a filter in three fields, and columns as boxes."""
    own = dict(given)
    kept = [(key, value) for key, value in given if key not in _OF_FORMS and key != "_page"]
    shown = [value for key, value in given if key == "_shown"]
    if shown:
        kept = [(key, value) for key, value in kept if key != "_columns"] + [("_columns", ",".join(shown))]
    if column := own.get("_column"):
        comparison = own.get("_comparison", "")
        kept.append((f"{column}__{comparison}" if comparison else column, own.get("_value", "")))
    return kept


def _file(file: File) -> Response:
    headers = {"content-disposition": f'attachment; filename="{_harmless(file.name)}"'} if file.name else {}
    return Response(file.body, media_type=file.mime_type, headers=headers)


def _harmless(name: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name)


def download(data: RunData, view: views.View, state: State, format: Format) -> Iterator[bytes]:
    """The rows of a view as a file, at most `DOWNLOAD_ROWS`. Errors of the query come at once."""
    tables.prepare(data, view)
    sql = query.for_reading(view, state, rows=DOWNLOAD_ROWS)
    found = data.batches(sql.text, sql.parameters, DOWNLOAD_BATCH, DOWNLOAD_SECONDS)
    schema = next(found)
    assert isinstance(schema, pa.Schema)
    return format.encode(schema, found)


def _download(data: RunData, view: views.View, state: State, format: str) -> Response:
    """A view as a file, streamed."""
    chosen = FORMATS[format]
    body = download(data, view, state, chosen)
    name = _harmless(f"{data.name}-{view.name}{format}")
    disposition = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(body, media_type=chosen.mime_type, headers=disposition)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form. Raises InputError for one that is too large."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > FORM_BYTES:
            raise InputError(f"The form is longer than {FORM_BYTES:,} bytes.")
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
