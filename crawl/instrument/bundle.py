"""The scripts of one browser: what runs in each of its processes, joined from `crawl/instrument`."""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from overscripted.crawl.instrument import openwpm, protocol
from overscripted.crawl.javascript import folder, function, read, script

_PARENT_PROCESS = (
    "js/parent_process/outgoing.js",
    "js/parent_process/extension_ids.js",
    "js/parent_process/visit_tabs.js",
    "js/parent_process/responses.js",
    "js/parent_process/ends.js",
    "js/parent_process/addresses.js",
    "js/parent_process/beginnings.js",
    "js/parent_process/upgrades.js",
    "js/parent_process/pause.js",
    "js/parent_process/redirects.js",
    "js/parent_process/cookie_columns.js",
    "js/parent_process/cookies.js",
    "js/parent_process/requests.js",
    "js/parent_process/files.js",
    "js/parent_process/body_copies.js",
    "js/parent_process/archive_bodies.js",
    "js/parent_process/bodies.js",
    "js/parent_process/origins.js",
    "js/shared/value_limits.js",
    "js/parent_process/storage_limits.js",
    "js/parent_process/visit_origins.js",
    "js/parent_process/session_storage.js",
    "js/parent_process/stored_text.js",
    "js/parent_process/stored_rows.js",
    "js/parent_process/indexed_databases.js",
    "js/parent_process/event_stream.js",
    "js/parent_process/records.js",
    "js/parent_process/page_contents.js",
    "js/shared/wasm_limits.js",
    *folder("js/parent_process/records"),
    "js/parent_process/callstacks.js",
    "js/parent_process/prompts.js",
    "js/parent_process/doorhangers.js",
    "js/parent_process/apart.js",
    "js/parent_process/hsts.js",
    "js/parent_process/policy.js",
    "js/parent_process/tabs.js",
    "js/parent_process/questions.js",
    "openwpm/parent_process.js",
    "js/parent_process/parent.js",
)
_CONTENT_PROCESS = (
    "js/content_process/page_stack.js",
    "js/content_process/events.js",
    "js/content_process/console.js",
    "js/content_process/event_sources.js",
    "js/content_process/mixed_content.js",
    "js/shared/wasm_limits.js",
    "js/content_process/wasm_modules.js",
    "js/content_process/repeatable.js",
    "js/content_process/documents.js",
    "js/content_process/workers.js",
    "js/content_process/focus.js",
    "js/content_process/navigations.js",
    "js/content_process/session_storage.js",
    "js/content_process/pages.js",
    "openwpm/content_process.js",
    "js/content_process/process.js",
)
_DOCUMENT = (
    "js/shared/sha256.js",
    "js/shared/value_limits.js",
    "js/document/bytes.js",
    "js/document/text.js",
    "js/shared/stack.js",
    "js/document/channel.js",
    "js/shared/receiver_names.js",
    "js/document/receiver_kinds.js",
    "js/shared/receivers.js",
    "js/shared/fonts.js",
    "js/shared/target.js",
    "js/shared/recorder.js",
    "js/shared/wasm_limits.js",
    "js/document/plan.js",
    "js/document/plan_builder.js",
    "js/document/natives.js",
    "js/document/unrecorded.js",
    "js/document/install.js",
    "js/document/webdriver.js",
    "js/document/dynamic_code.js",
    "js/document/records.js",
    *folder("js/document/records"),
    "js/document/main.js",
)
_PAGE = "js/page/window_side.js"
_REPEATABLE = "js/page/repeatable.js"
_WORKER = (
    "js/shared/sha256.js",
    "js/shared/value_limits.js",
    "js/worker/text.js",
    "js/shared/stack.js",
    "js/worker/channel.js",
    "js/shared/receiver_names.js",
    "js/worker/receiver_kinds.js",
    "js/shared/receivers.js",
    "js/shared/fonts.js",
    "js/shared/target.js",
    "js/shared/recorder.js",
    "js/shared/wasm_limits.js",
    "js/worker/plan.js",
    "js/worker/caller.js",
    "js/worker/dynamic_code.js",
    "js/worker/wasm_modules.js",
    "js/worker/policy.js",
    "js/worker/budget.js",
    "js/worker/depth.js",
    "js/worker/repeatable.js",
    "js/worker/main.js",
)
_PROTOCOL = protocol.constants()
# OpenWPM's own script records calls. Ours only reports documents.
_REFERENCE = ("js/document/channel.js", "openwpm/document.js")

# Only a script with a browser address may watch a worker. This extension gives our script such an address.
# Firefox runs nothing of the extension by itself.
_EXTENSION = "crawl@overscripted"
_WORKER_SCRIPT = "worker.js"
_MANIFEST = {
    "manifest_version": 2,
    "name": "Overscripted",
    "version": "1.0",
    "description": "Carries what overscripted crawl runs beside workers; nothing of it runs by itself.",
    "browser_specific_settings": {"gecko": {"id": _EXTENSION, "strict_min_version": "153.0"}},
}


def recorder_settings(
    instrument: dict[str, Any],
    saved: Mapping[str, list[str]] | None = None,
    archive: Mapping[str, int] | None = None,
    repeatable: bool = False,
) -> dict[str, Any]:
    """The settings of one browser's recorders: what they record, and a mark.

    For ``instrument`` see `settings.resolve`, for ``saved`` `record_kinds.saving`. ``archive`` has the caps
    of bodies where all are copied for the crawl's archive, see `crawl.settings.ARCHIVE_CAPS`. ``repeatable``:
    visits may have a `crawl.repeat.Repeat`. ``mark`` is a host that no page knows. The recorder knows our
    policy by it.
    """
    mark = f"{secrets.token_hex(12)}.invalid"
    common = {"mark": mark, "saved": dict(saved or {}), "archive": archive and dict(archive)}
    return {**common, "repeatable": repeatable, **instrument}


def parent_process(settings: dict[str, Any]) -> str:
    """The function that begins to watch all realms: see `js/parent_process/parent.js`."""
    return function("Realms", *_PARENT_PROCESS, **_constants(settings))


def content_process(name: str, settings: dict[str, Any]) -> str:
    """The script of each content process. ``name`` is the name of its messages to the parent process."""
    watched = "reference" not in settings  # otherwise workers are only counted, as a known gap
    constants = {
        "name": name,
        "recorder": _address(document(settings)),
        "windowSide": _address(read(_PAGE)),
        "mark": settings["mark"],
        "worker": f"resource://{name}/{_WORKER_SCRIPT}" if watched else "",
        "reference": "" if watched else _EXTENSION,
        "repeatable": read(_REPEATABLE) if settings.get("repeatable") else "",
    }
    body = script(_CONTENT_PROCESS, **_constants(settings), PROCESS_SETTINGS=constants)
    return f"(() => {{\n{body}\n}})();"


def document(settings: dict[str, Any]) -> str:
    """The script of the sandbox beside windows. It makes the recorder of each."""
    files = _REFERENCE if "reference" in settings else _DOCUMENT
    return script(files, **_constants(settings), OVERSCRIPTED=settings)


def extension(folder: Path, settings: dict[str, Any]) -> Path:
    """Make the extension below ``folder``; returns its folder."""
    target = folder / "extension"
    target.mkdir()
    manifest = dict(_MANIFEST)
    constants = _constants(settings) | {"REPEATABLE": read(_REPEATABLE), "OVERSCRIPTED": settings}
    worker = script(_WORKER, **constants)
    (target / _WORKER_SCRIPT).write_text(worker, "utf-8")
    if settings.get("reference") == "openwpm":
        manifest |= openwpm.put_into(target)
    (target / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return target


def _constants(settings: dict[str, Any]) -> dict[str, Any]:
    """What each of our scripts knows."""
    return {
        "PROTOCOL": _PROTOCOL,
        "SAVED": settings["saved"],
        "ARCHIVE": settings.get("archive"),
        "CAPS": settings.get("caps", {}),
    }


def _address(script: str) -> str:
    """A script as a data: URL, which Firefox compiles once for all windows of a process."""
    return f"data:text/javascript;charset=utf-8,{quote(script)}"
