"""The form that inspects a page of the web, the inspections that were asked for, and their answers."""

from typing import Any
from urllib.parse import urlsplit

from overscripted.errors import InputError
from overscripted.explore.inspecting.answered import topics
from overscripted.explore.inspecting.inspections import Busy, Inspections
from overscripted.explore.inspecting.job import Job
from overscripted.explore.inspecting.question import of_form
from overscripted.explore.model import Asked, Content, File, Moved, NotFound, Page
from overscripted.explore.settings import INSPECT_URL
from overscripted.inspection import settings

_ONLY_LOCAL = (
    "Pages can be inspected only where the explorer listens at this machine's own address. Start it without "
    "--host, or run `overscripted inspect` in a terminal."
)


def _answer(asked: Asked) -> Content | File | Moved:
    inspections = asked.inspections
    if inspections is None:
        if asked.form:
            raise InputError(_ONLY_LOCAL)
        return Content("Inspect", "inspect.html.j2", {"refused": _ONLY_LOCAL})
    if name := asked.form.get("end"):
        _job(asked, inspections, name).end("It was ended from the page.")
        return _moved(asked, name)
    if asked.form:
        return _sent(asked, inspections)
    if name := asked.get("id"):
        return _shown(asked, _job(asked, inspections, name))
    return _form(asked, inspections)


def _sent(asked: Asked, inspections: Inspections) -> Content | Moved:
    """Start what the form asks for, or show it again with what is wrong."""
    try:
        question = of_form(asked.form)
        job = inspections.start(asked.data.name, asked.data.run.store.url, question)
        return _moved(asked, job.name)
    except Busy as busy:
        return _form(asked, inspections, str(busy), 409)
    except InputError as error:
        return _form(asked, inspections, str(error), 400)


def _form(asked: Asked, inspections: Inspections, problem: str = "", status: int = 200) -> Content:
    kept = [
        (job.question.url, asked.links.to("inspect", id=job.name), _since(job), _state(job))
        for job in inspections.of(asked.data.name)
    ]
    values: dict[str, Any] = {
        "refused": "",
        "problem": problem,
        "given": asked.form,
        "kept": kept,
        "most_characters": INSPECT_URL,
        "defaults": settings,
    }
    return Content("Inspect", "inspect.html.j2", values, status)


def _shown(asked: Asked, job: Job) -> Content | File:
    """One inspection: where it stands, or its answer; with format= one of them alone."""
    format = asked.get("format")
    running = job.running  # asked once: it may end meanwhile
    if format == "state":
        return File((job.step if running else "").encode(), "text/plain; charset=utf-8")
    answer = {} if running else job.answer()
    if format == "html" and answer:
        return File(job.html(), "text/html; charset=utf-8", f"inspection-{_host(answer)}.html")
    values: dict[str, Any] = {
        "url": job.question.url,
        "name": job.name,
        "since": _since(job),
        "step": job.step if running else "",
        "state": asked.links.to("inspect", id=job.name, format="state") if running else None,
        "answer": answer,
        "topics": topics(answer) if answer else [],
        "file": asked.links.to("inspect", id=job.name, format="html"),
        "error": "" if running or job.exit_code == 0 else job.error,
        "exit_code": job.exit_code,
    }
    return Content(f"Inspect: {job.question.url}", "inspected.html.j2", values)


def _job(asked: Asked, inspections: Inspections, name: str) -> Job:
    found = next((job for job in inspections.of(asked.data.name) if job.name == name), None)
    if found is None:
        raise NotFound("There is no such inspection. Only the last ones are kept, until the explorer ends.")
    return found


def _moved(asked: Asked, name: str) -> Moved:
    return Moved(asked.links.to("inspect", id=name) or "/")


def _since(job: Job) -> str:
    return f"{job.began:%Y-%m-%d %H:%M:%S} UTC"


def _state(job: Job) -> str:
    code = job.exit_code
    return "running" if code is None else "answered" if code == 0 else "not answered"


def _host(answer: dict[str, Any]) -> str:
    return (urlsplit(answer["url"]).hostname or "page")[:60]


PAGE = Page("inspect", _answer, "Inspect", 70, takes_forms=True)
