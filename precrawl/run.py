"""Entry points of the stage: visit sites from vantage points, combine their links, check that these load."""

import hashlib
import json
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from overscripted import layout, limits
from overscripted.errors import InputError, StageMissing
from overscripted.options import MAX_COUNT, decimal
from overscripted.precrawl import fleet, results, seeds, sites, vantage_lock
from overscripted.precrawl.client import tls_context
from overscripted.precrawl.settings import FILES, Settings
from overscripted.precrawl.sites import Choice
from overscripted.precrawl.tasks import LoadCheck
from overscripted.precrawl.vantage import Vantage
from overscripted.run import Run, now
from overscripted.store import Store


@dataclass(frozen=True)
class SeedOptions:
    """Which links become seeds.

    ``quorum``: ``k/n`` or ``k`` vantage points must have seen the link; None: all of them. ``check``:
    None, or whether the ``seeds`` or the ``union`` of all links are loaded. ``drop``: what the check found
    that is no seed, ``failed`` or ``duplicates``.
    """

    quorum: str | None = None
    check: str | None = None
    drop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.quorum:
            _parse_quorum(self.quorum)
        if self.drop and not self.check:
            raise InputError(f"--drop {self.drop[0]}: only a check finds these; add --check seeds")


def precrawl(
    run_url: str,
    vantages: list[Vantage],
    sites_file: Path | None = None,
    choice: Choice | None = None,
    settings: Settings | None = None,
    seed_options: SeedOptions | None = None,
    list_id: str | None = None,
    restart: bool = False,
) -> dict[str, Any] | None:
    """Visit the sites from each vantage point, side by side, and combine their links.

    An interrupted precrawl is resumed, and no finished site is visited again; ``restart`` measures all of
    them again. Returns the content of summary.json. Returns None where more vantage points are expected:
    on a remote run with one vantage point, and where the quorum names more than have finished. Raises
    UserError.
    """
    settings, seed_options = settings or Settings(), seed_options or SeedOptions()
    if not vantages:
        raise InputError("--vantage: name at least one vantage point, such as `--vantage home`")
    limits.raise_open_files(settings.connections + FILES, f"--connections {settings.connections}")
    tls_context(settings.ca)
    for vantage in vantages:
        vantage.check()
    with tempfile.TemporaryDirectory(prefix="overscripted-") as folder:
        ordered = Path(folder) / "sites.parquet"
        listed = _list(sites_file, list_id, choice or Choice(), settings, ordered) if sites_file else None
        run = Run.open(run_url, create=listed is not None)
        _check_quorum(run.store, seed_options.quorum, vantages)
        plan = _adopt(run.store, listed, ordered, restart)
        settings = replace(settings, links=plan["links"])
        through = {v.name: v.via for v in vantages}
        with _recorded(run, plan, seed_options, vantages=through, settings=settings.recorded()):
            _visit(run.store, plan, ordered, vantages, settings)
            names = finished(run.store, plan)
            more_expected = len(vantages) == 1 and not run.store.local
            if more_expected or (
                seed_options.quorum and _parse_quorum(seed_options.quorum)[1] not in (None, len(names))
            ):
                run.interrupt("precrawl", facts={"finished": ", ".join(names)})
                return None
            return _combine(run, plan, names, seed_options, vantages[0], settings)


def combine(
    run_url: str,
    seed_options: SeedOptions | None = None,
    vantage: Vantage | None = None,
    settings: Settings | None = None,
) -> dict[str, Any]:
    """Combine all vantage points whose files the run holds, whichever machines wrote them.

    A check loads each URL from ``vantage``. Returns the content of summary.json. Raises UserError.
    """
    seed_options, vantage, settings = (
        seed_options or SeedOptions(),
        vantage or Vantage("here"),
        settings or Settings(),
    )
    run = Run.open(run_url)
    again = f"run `overscripted precrawl {run.store.url} --sites FILE --vantage NAME` first"
    if not run.store.exists(layout.PLAN):
        raise StageMissing(f"{run.store.url}: no precrawl here; {again}")
    plan = run.store.read_json(layout.PLAN)
    names = finished(run.store, plan)
    if not names:
        raise StageMissing(f"{run.store.url}: no vantage point has finished; {again}")
    _quorum(seed_options.quorum, len(names))
    if seed_options.check:
        tls_context(settings.ca)
        vantage.check()
    earlier = {
        k: v for k, v in run.stage("precrawl").get("options", {}).items() if k in ("vantages", "settings")
    }
    with _recorded(run, plan, seed_options, **earlier):
        return _combine(run, plan, names, seed_options, vantage, settings)


@contextmanager
def _recorded(run: Run, plan: dict[str, Any], seed_options: SeedOptions, **options: Any) -> Iterator[None]:
    """run.json says that the stage runs as long as the block lasts, or was interrupted by an error in it."""
    run.begin("precrawl", {**options, **vars(seed_options)}, plan=plan)
    try:
        yield
    except BaseException:
        run.interrupt("precrawl")
        raise


def _list(
    file: Path, list_id: str | None, choice: Choice, settings: Settings, ordered: Path
) -> dict[str, Any]:
    """The content of plan.json. The sites are written to ``ordered``, in the order of visiting."""
    described = sites.describe(file, list_id, choice)
    return {"list": described, "links": settings.links, "sites": sites.order(file, choice, ordered)}


def finished(store: Store, plan: dict[str, Any]) -> list[str]:
    """The names of the vantage points that have finished this plan."""
    found = []
    for key in store.files(layout.PRECRAWL, ".json"):
        name = key.removeprefix(f"{layout.PRECRAWL}/").removesuffix(".json")
        if (
            "/" not in name
            and name not in ("plan", "summary")
            and store.read_json(key).get("plan") == plan["id"]
        ):
            found.append(name)
    return found


def _adopt(store: Store, listed: dict[str, Any] | None, ordered: Path, restart: bool) -> dict[str, Any]:
    """The plan that the run has, or a new one of the listed sites. Its sites are written to ``ordered``."""
    plan: dict[str, Any] | None = store.read_json(layout.PLAN) if store.exists(layout.PLAN) else None
    if plan is None and listed is None:
        raise InputError(f"{store.url}: holds no list of sites yet; name one with --sites FILE")
    same = plan is not None and (listed is None or listed.items() <= plan.items())
    if plan is not None and (not restart or listed is None):
        if not same and (finished(store, plan) or store.files(layout.VANTAGE_PARTS)):
            raise InputError(
                f"{store.url}: its precrawl has other sites or links ({json.dumps(plan['list'])}, "
                f"{plan['links']}); name another RUN, or add --restart to measure again in this one"
            )
        if same:
            with store.fs.open(store.path(layout.SITES), "rb") as source, open(ordered, "wb") as copy:
                shutil.copyfileobj(source, copy)
        if same and not restart:
            return plan
    about = listed or {k: (plan or {})[k] for k in ("list", "links", "sites")}
    plan = {"id": secrets.token_hex(8), "created": now(), **about}
    store.delete(layout.VANTAGE_PARTS)
    with store.replace(layout.PLAN, layout.SITES) as staged:
        staged.make_folder(layout.PRECRAWL)
        staged.upload(ordered, layout.SITES)
        staged.write_json(layout.PLAN, plan)
    return plan


def _visit(
    store: Store, plan: dict[str, Any], ordered: Path, vantages: list[Vantage], settings: Settings
) -> None:
    with ExitStack() as stack:
        for vantage in vantages:
            stack.enter_context(vantage_lock.locked(store, vantage, results.parts_key(vantage.name)))
        done = finished(store, plan)
        if left := [v for v in vantages if v.name not in done]:
            _visit_locked(store, plan, ordered, left, settings)


def _visit_locked(
    store: Store, plan: dict[str, Any], ordered: Path, vantages: list[Vantage], settings: Settings
) -> None:
    began = now()
    seconds = fleet.visit(store, ordered, [(v, results.parts_key(v.name)) for v in vantages], settings)
    for vantage in vantages:
        record = {
            "plan": plan["id"],
            "vantage": vantage.name,
            "via": vantage.via,
            "resumed": began,
            "ended": now(),
            "worked_s": round(seconds[vantage.name], 3),
            "settings": settings.recorded(),
        }
        results.finish(store, vantage.name, plan["sites"], record)


def _combine(
    run: Run,
    plan: dict[str, Any],
    names: list[str],
    seed_options: SeedOptions,
    vantage: Vantage,
    settings: Settings,
) -> dict[str, Any]:
    store, quorum = run.store, _quorum(seed_options.quorum, len(names))
    with seeds.combined(store, names) as combined:
        figures = combined.figures(quorum)
        if seed_options.check:
            check_key = json.dumps([plan["id"], names, seed_options.check, quorum, vantage.name])
            parts = f"{layout.LOAD_CHECK_PARTS}/{hashlib.sha256(check_key.encode()).hexdigest()[:16]}"
            _check(store, combined, parts, seed_options.check, quorum, vantage, settings)
            figures["check"] = combined.read_check(seed_options.check)
        with store.replace(layout.SEEDS, layout.PRECRAWL_SUMMARY) as staged:
            figures["seeds"] = combined.write_seeds(staged, layout.SEEDS, quorum, seed_options.drop)
            figures |= {"list": plan["list"], "links": plan["links"], "dropped": list(seed_options.drop)}
            staged.write_json(layout.PRECRAWL_SUMMARY, figures)
    facts = {
        "sites": figures["sites"],
        "reached": ", ".join(f"{n} {v['reached']}/{v['sites']}" for n, v in figures["vantages"].items()),
        "union": figures["union"],
        "seeds": f"{figures['seeds']} (seen by {quorum} of {len(names)})",
    }
    run.finish("precrawl", facts=facts)
    return figures


def _check(
    store: Store,
    combined: seeds.Combined,
    parts: str,
    of: str,
    quorum: int,
    vantage: Vantage,
    settings: Settings,
) -> None:
    """Load the seeds or all links. A check with the same parts that was interrupted is resumed."""
    with tempfile.TemporaryDirectory(prefix="overscripted-") as folder:
        links = Path(folder) / "links.parquet"
        rows = combined.write_links(links, of, quorum)
        with vantage_lock.locked(store, vantage, parts):
            fleet.visit(store, links, [(vantage, parts)], settings, LoadCheck)
            results.finish_check(store, parts, rows)


def _quorum(text: str | None, n: int) -> int:
    """How many of n vantage points must have seen a seed; all, without a text. Raises InputError."""
    k, of = _parse_quorum(text) if text else (n, n)
    if of not in (None, n):
        raise InputError(f"--quorum {text}: {n} vantage points have finished, not {of}")
    if not 1 <= k <= n:
        raise InputError(f"--quorum {text}: k must be between 1 and {n}")
    return k


def _check_quorum(store: Store, text: str | None, vantages: list[Vantage]) -> None:
    """Raise InputError before any visit where the known vantage points can never meet the quorum."""
    if not text or _parse_quorum(text)[1] is not None:
        return
    plan = store.read_json(layout.PLAN) if store.exists(layout.PLAN) else {"id": None}
    known = {v.name for v in vantages} | set(finished(store, plan))
    if store.local or len(vantages) > 1:
        _quorum(text, len(known))


def _parse_quorum(text: str) -> tuple[int, int | None]:
    """k and n of ``k/n``; n is None in ``k``. Raises InputError."""
    k_text, slash, n_text = text.partition("/")
    k, n = decimal(k_text, 0, MAX_COUNT), decimal(n_text, 0, MAX_COUNT)
    if k is None or (slash and n is None):
        raise InputError(f"--quorum {text[:40]}: give k/n, such as 3/4")
    if n is not None and not 1 <= k <= n:
        raise InputError(f"--quorum {text}: k must be between 1 and {n}")
    return k, n
