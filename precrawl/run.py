"""The precrawl's doors: visit the sites from vantage points, combine what they saw, check it for loading."""

import json
import secrets
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from overscripted.errors import InputError, StageMissing
from overscripted.run import Run, now
from overscripted.store import Store
from precrawl import fleet, results, seeds, sites
from precrawl.client import tls_context
from precrawl.results import FOLDER
from precrawl.settings import Settings
from precrawl.sites import Choice
from precrawl.vantage import Vantage

PLAN, SITES, SEEDS, SUMMARY = (
    f"{FOLDER}/{n}" for n in ("plan.json", "sites.parquet", "seeds.parquet", "summary.json")
)


def precrawl(
    run_url: str,
    vantages: list[Vantage],
    sites_file: Path | None = None,
    choice: Choice | None = None,
    settings: Settings | None = None,
    quorum: str | None = None,
    check: str | None = None,
    drop: tuple[str, ...] = (),
    list_id: str | None = None,
    restart: bool = False,
) -> dict[str, Any] | None:
    """Visit the sites from each vantage point, side by side; combine them if there are several.

    Resumes what was interrupted and visits nothing that is finished; ``restart`` measures anew.
    Returns the content of summary.json, or None where nothing was combined. Raises UserError.
    """
    settings, choice = settings or Settings(), choice or Choice()
    if not vantages:
        raise InputError("--vantage: name at least one vantage point, such as `--vantage home`")
    if quorum:
        _parse_quorum(quorum)
    tls_context(settings.ca)
    for vantage in vantages:
        vantage.check()
    with tempfile.TemporaryDirectory(prefix="overscripted-") as folder:
        ordered = Path(folder) / "sites.parquet"
        asked = None
        if sites_file:
            asked = {"list": sites.describe(sites_file, list_id, choice), "links": settings.links}
            asked["sites"] = sites.order(sites_file, choice, ordered)
        run = Run.open(run_url, create=asked is not None)
        plan = _adopt(run.store, asked, ordered, restart)
        settings = replace(settings, links=plan["links"])
        options = {
            **settings.asked(),
            "vantages": {v.name: v.via for v in vantages},
            "quorum": quorum,
            "check": check,
        }
        run.begin("precrawl", options, plan=plan)
        try:
            _visit(run.store, plan, ordered, vantages, settings)
        except BaseException:
            run.interrupt("precrawl")
            raise
    names = finished(run.store, plan)
    # Elsewhere others may be at work on a remote run; who has all of them then calls `combine`.
    alone = len(vantages) == 1 and not run.store.local
    if alone or (quorum and "/" in quorum and int(quorum.partition("/")[2]) != len(names)):
        run.interrupt("precrawl", facts={"finished": ", ".join(names)})
        return None
    return _combine(run, plan, names, quorum, check, drop, vantages[0], settings)


def combine(
    run_url: str,
    quorum: str | None = None,
    check: str | None = None,
    drop: tuple[str, ...] = (),
    vantage: Vantage | None = None,
    settings: Settings | None = None,
) -> dict[str, Any]:
    """Combine all vantage points whose files the run holds, from whatever machines.

    ``check`` (seeds or union) loads each URL from ``vantage``. Returns the content of summary.json.
    """
    run = Run.open(run_url)
    if not run.store.exists(PLAN):
        raise StageMissing(
            f"{run.store.url}: no precrawl here; run `overscripted precrawl {run.store.url} --sites FILE "
            "--vantage NAME` first"
        )
    plan = run.store.read_json(PLAN)
    names = finished(run.store, plan)
    if not names:
        raise StageMissing(
            f"{run.store.url}: no vantage point has finished; run `overscripted precrawl {run.store.url} "
            "--vantage NAME` first"
        )
    _quorum(quorum, len(names))
    if check and vantage:
        vantage.check()
    run.begin(
        "precrawl", {**run.stage("precrawl").get("options", {}), "quorum": quorum, "check": check}, plan=plan
    )
    return _combine(run, plan, names, quorum, check, drop, vantage or Vantage("here"), settings or Settings())


def finished(store: Store, plan: dict[str, Any]) -> list[str]:
    """Vantage points whose files belong to this plan, by name."""
    found = []
    for key in store.files(FOLDER, ".json"):
        name = key.removeprefix(f"{FOLDER}/").removesuffix(".json")
        if (
            "/" not in name
            and name not in ("plan", "summary")
            and store.read_json(key).get("plan") == plan["id"]
        ):
            found.append(name)
    return found


def _adopt(store: Store, asked: dict[str, Any] | None, ordered: Path, restart: bool) -> dict[str, Any]:
    """The run's plan: the one it has, or the one that is asked for. ``ordered`` holds its sites then."""
    plan: dict[str, Any] | None = store.read_json(PLAN) if store.exists(PLAN) else None
    if plan is None and asked is None:
        raise InputError(f"{store.url}: holds no list of sites yet; name one with --sites FILE")
    same = plan is not None and (asked is None or all(plan[k] == asked[k] for k in asked))
    if plan is not None and same and not restart:
        with store.fs.open(store.path(SITES), "rb") as source:
            ordered.write_bytes(source.read())
        return plan
    if (
        plan is not None
        and not same
        and not restart
        and (finished(store, plan) or store.files(results.PARTS))
    ):
        raise InputError(
            f"{store.url}: its precrawl is of another list or choice of sites or links ({json.dumps(plan['list'])}); "
            "name another RUN, or add --restart to measure anew in this one"
        )
    if asked is None:
        assert plan is not None
        with store.fs.open(store.path(SITES), "rb") as source:
            ordered.write_bytes(source.read())
        asked = {k: plan[k] for k in ("list", "links", "sites")}
    plan = {"id": secrets.token_hex(8), "created": now(), **asked}
    store.delete(results.PARTS)
    with store.replace(PLAN, SITES) as staged:
        staged.make_folder(FOLDER)
        staged.fs.put(str(ordered), staged.path(SITES))
        staged.write_json(PLAN, plan)
    return plan


def _visit(
    store: Store, plan: dict[str, Any], ordered: Path, vantages: list[Vantage], settings: Settings
) -> None:
    left = [v for v in vantages if v.name not in finished(store, plan)]
    if not left:
        return
    began = now()
    seconds = fleet.visit(store, ordered, [(v, results.parts_key(v.name)) for v in left], settings)
    for vantage in left:
        record = {
            "plan": plan["id"],
            "vantage": vantage.name,
            "via": vantage.via,
            "resumed": began,
            "ended": now(),
            "worked_s": round(seconds[vantage.name], 3),
            "settings": settings.asked(),
        }
        results.finish(store, vantage.name, plan["sites"], record)


def _combine(
    run: Run,
    plan: dict[str, Any],
    names: list[str],
    asked_quorum: str | None,
    check: str | None,
    drop: tuple[str, ...],
    vantage: Vantage,
    settings: Settings,
) -> dict[str, Any]:
    store, quorum = run.store, _quorum(asked_quorum, len(names))
    with seeds.combined(store, names) as both:
        figures = both.figures(quorum)
        leave_out = None
        if check:
            figures["check"] = _check(store, both, check, quorum, vantage, settings)
            leave_out = _left_out(store, drop, quorum)
        with store.replace(SEEDS, SUMMARY) as staged:
            figures["seeds"] = both.write_seeds(staged, SEEDS, quorum, leave_out)
            figures["list"] = plan["list"]
            figures["links"] = plan["links"]
            staged.write_json(SUMMARY, figures)
    reached = ", ".join(f"{n} {v['reached']}/{v['sites']}" for n, v in figures["vantages"].items())
    run.finish(
        "precrawl",
        facts={
            "sites": figures["sites"],
            "reached": reached,
            "union": figures["union"],
            "seeds": f"{figures['seeds']} (seen by {quorum} of {len(names)})",
        },
    )
    return figures


def _check(*_: Any) -> dict[str, Any]:
    return {}


def _left_out(*_: Any) -> str | None:
    return None


def _quorum(text: str | None, n: int) -> int:
    """How many of n vantage points must have seen a seed; all, where nothing is asked. Raises InputError."""
    k, of = _parse_quorum(text) if text else (n, n)
    if of not in (None, n):
        raise InputError(f"--quorum {text}: {n} vantage points have finished, not {of}")
    if not 1 <= k <= n:
        raise InputError(f"--quorum {text}: k must be between 1 and {n}")
    return k


def _parse_quorum(text: str) -> tuple[int, int | None]:
    """k and n of ``k/n``; n is None in ``k``. Raises InputError."""
    k, slash, n = text.partition("/")
    if not k.isdecimal() or (slash and not n.isdecimal()):
        raise InputError(f"--quorum {text}: give k/n, such as 3/4")
    return int(k), int(n) if slash else None
