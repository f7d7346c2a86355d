"""Entry point of an inspection: visit one URL, make its tables, ask the analyses, and say what they found."""

import gc
import importlib
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import ada_url

from overscripted import progress
from overscripted.crawl import run as crawl
from overscripted.crawl.firefox import displays
from overscripted.crawl.python import elsewhere, loop_runs_here
from overscripted.crawl.settings import Options
from overscripted.engines import Engine, open_engine
from overscripted.errors import InputError
from overscripted.etl.run import run_etl
from overscripted.inspection import settings, variants
from overscripted.inspection.claims import Claim
from overscripted.inspection.inspection import Inspection
from overscripted.run import Run

Told = Callable[[str], None]
_TEXT_URL = 2_000  # characters of an address; servers refuse longer ones


def inspect(
    url: str,
    *,
    links: int = 0,
    dwell_s: float | None = None,
    consent: bool = False,
    variants_file: str = "",
    twice: bool = True,
    do: str = "",
    against: str = "",
    keep: str = "",
    crawl_options: Options | None = None,
    progress: Told | None = None,
    stop: threading.Event | None = None,
) -> Inspection:
    """Visit a page, and say what it does to its visitor.

    - ``links``: visit so many more pages of its site. ``dwell_s``: watch each page for so many seconds after
      its load; None: 10, with ``consent`` 30. ``do``: what is done on the page, as ``--do`` of a crawl.
    - ``consent``: also visit it with consent given and refused. ``variants_file``: visit it in the variants
      of this file instead. ``twice``: visit it twice at the same time, which tells identifiers from the rest.
    - ``against``: a run whose sites the numbers are compared with.
    - ``keep``: the folder of a new run that keeps the records; without it they are deleted at the end.
    - ``crawl_options``: proxy, contact, robots.txt, private addresses and the like, as in a crawl.
    - ``progress``: called with a line of text at each step. ``stop``: set it in another thread to end early.

    A page that could not be visited gives an answer, too: ``answered`` is false, and its claims say why.
    Raises the errors of `overscripted.errors` for what the user can fix, KeyboardInterrupt if it was stopped.
    """
    tell = progress or (lambda text: None)
    address = web_address(url)
    if consent and variants_file:
        raise InputError(
            "--consent: not possible with --variants, whose file says in what way the page is visited"
        )
    steps = variants.plan_of(do, links)
    compared = _opened(against)
    with _folder(keep) as (folder, run_url):
        (folder / "seeds.txt").write_text(f"{address}\n", encoding="utf-8")
        made = "" if variants_file else variants.ready_made(steps, twice, consent)
        if made:
            (folder / "variants.toml").write_text(made, encoding="utf-8")
        given = crawl_options or Options(display=displays.default())
        options = replace(
            given,
            dwell_s=dwell_s or (settings.CONSENT_DWELL_S if consent else settings.DWELL_S),
            do=steps,
            variants=variants_file or (str(folder / "variants.toml") if made else ""),
            retries=min(given.retries, settings.RETRIES),
        )
        tell(f"visiting {address} and watching it for {options.dwell_s:g} s")
        _visit(run_url, options, str(folder / "seeds.txt"), stop)
        run = Run.open(run_url)
        tell("making the tables")
        with _without_collection():
            with _quiet():
                run_etl(run)
            return _answer(run, address, compared, tell, run_url if keep else "")


def web_address(url: str) -> str:
    """The URL as it is visited: https where it has no scheme. Raises InputError if it is none of the web."""
    text = url.strip()
    try:
        parsed = ada_url.URL(text if "://" in text else f"https://{text}")
    except ValueError:
        parsed = None
    if parsed is None or parsed.protocol not in ("http:", "https:") or len(text) > _TEXT_URL:
        raise InputError(f"inspect: {text[:200]!r} is no http or https URL")
    return str(parsed.href)


# -- the run -----------------------------------------------------------------------------------
@contextmanager
def _folder(keep: str) -> Iterator[tuple[Path, str]]:
    """A folder that is deleted at the end, and the run: in it, or the new one that the user keeps."""
    if keep:
        _require_new(keep)
    folder = Path(tempfile.mkdtemp(prefix="overscripted-inspect-"))
    try:
        yield folder, keep or str(folder / "run")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _require_new(keep: str) -> None:
    run = Run.open(keep, create=True)
    if run.record["stages"]:
        raise InputError(f"--keep {keep}: is a run already; name a new folder")


def _opened(against: str) -> Run | None:
    if not against:
        return None
    run = Run.open(against)
    run.require("etl")
    return run


@contextmanager
def _quiet() -> Iterator[None]:
    """The stages' own lines of progress are not shown: an inspection has its own."""
    with progress.heard_by(lambda work: None):
        yield


def _visit(run_url: str, options: Options, seeds: str, stop: threading.Event | None) -> None:
    """Crawl the one seed. Raises KeyboardInterrupt where it was stopped before the end."""
    stop = stop or threading.Event()

    def work() -> dict[str, Any]:
        with _quiet():
            return crawl.crawl(run_url, options, seeds, stop=stop)

    # What the answer needs takes seconds to import, and the page is watched meanwhile.
    threading.Thread(target=importlib.import_module, args=(f"{__package__}.topics",), daemon=True).start()
    facts = elsewhere(work, stop) if loop_runs_here() else work()
    if facts["left"]:
        raise KeyboardInterrupt


# -- the answer --------------------------------------------------------------------------------
def _answer(run: Run, address: str, compared: Run | None, tell: Told, kept: str) -> Inspection:
    from overscripted.inspection.facts import Facts
    from overscripted.inspection.topics import all_claims
    from overscripted.lists.roles import choose

    lists = choose(())
    with open_engine("duckdb", alone=True) as engine:
        facts = Facts(run, engine, lists, lambda name: tell(f"asking about {name.replace('_', ' ')}"))
        seed = facts.seed_visit()
        claims = all_claims(facts)
        if compared and facts.pages:
            tell(f"comparing with {compared.store.url}")
            claims = _compared(claims, run, compared, engine, lists)
    return Inspection(
        url=address,
        final_url=seed["final_url"] or "",
        title=seed["title"] or "",
        outcome=seed["outcome"],
        error=seed["error"] or "",
        started=seed["started"].isoformat(timespec="seconds"),
        visits=len(facts.visits),
        claims=tuple(claims),
        run=kept,
        against=compared.store.url if compared else "",
    )


@contextmanager
def _without_collection() -> Iterator[None]:
    """Ibis makes millions of small objects. To look for cycles in them takes a fifth of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _compared(claims: list[Claim], run: Run, with_run: Run, engine: Engine, lists: Any) -> list[Claim]:
    """The claims, the first of each measure compared with the sites of another run."""
    from overscripted.inspection.measures import Sites

    own, others = Sites(run, engine, lists), Sites(with_run, engine, lists)
    done: set[str] = set()
    found = []
    for claim in claims:
        if claim.measure and claim.measure not in done:
            done.add(claim.measure)
            claim = others.compared(claim, own.value(claim.measure))
        found.append(claim)
    return found
