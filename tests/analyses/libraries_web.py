"""A web with a page for each of the real libraries, and receivers that answer as their makers' servers do."""

import json
from pathlib import Path

from aiohttp import web

from overscripted import npm
from tests.analyses.libraries import LIBRARIES, Library
from tests.crawl.instrument.harness import Web

_TESTS = Path(__file__).parents[1]
PLACES = ("harbour", "lighthouse", "market", "station", "orchard")
TEXT = "".join(f"<p>The {place} of {{name}} has a sentence that no other page has</p>" for place in PLACES)
_PAGE = f"""<!doctype html><title>{{name}}</title><body><main id=out></main>{TEXT}
<form><input type=email name=email><input type=password name=password></form>{{scripts}}"""
# What the servers of recorders say to a page that begins.
_ANSWERS = {
    "/decide/": {"sessionRecording": {"endpoint": "/s/"}, "supportedCompression": ["gzip-js"]},
    "/v1/web/start": {"token": "x", "userUUID": "x", "sessionID": "1", "delay": 0, "projectID": "1"},
    "/public": {"data": {"initializeSession": {"secure_id": "x", "project_id": "1"}}},
}


class LibraryWeb(Web):
    """Serves a page for each library, and takes whatever is sent to any other path."""

    def __init__(self) -> None:
        """Raises UserError where npm cannot install the packages."""
        super().__init__()
        for name, library in LIBRARIES.items():
            self._add(name, library)

    def _add(self, name: str, library: Library) -> None:
        modules = npm.installed(_TESTS / library.npm / "npm")
        code = [(modules / file).read_bytes() for file in library.files]
        use = library.use
        if library.bundled:
            code, use = [b";\n".join([*code, use.encode()])], ""
        host = "{OTHER}" if library.elsewhere else "{BASE}"
        kind = " type=module" if library.module else ""
        scripts = ""
        for number, body in enumerate(code):
            path = self.add(f"/{name}/{number}.js", body, "text/javascript")
            scripts += f"<script{kind} src='{host}{path}'></script>"
        scripts += f"<script{kind}>{use}</script>"
        self.add(f"/{name}", _PAGE.replace("{name}", name).replace("{scripts}", scripts))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.path in self.pages:
            answer = await super()._answer(request)
        else:
            await request.read()
            answer = web.json_response(_ANSWERS.get(request.path, {}), dumps=json.dumps)
        asked = request.headers.get("Access-Control-Request-Headers", "")
        answer.headers["Access-Control-Allow-Origin"] = request.headers.get("Origin", "*")
        answer.headers["Access-Control-Allow-Credentials"] = "true"
        answer.headers["Access-Control-Allow-Headers"] = asked
        return answer
