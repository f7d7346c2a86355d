"""A screenshot as a picture, and nothing else that a run holds."""

from overscripted.explore.model import Asked, File, NotFound, Page

# How the contents begin that browsers show as pictures without running anything. A picture in SVG could.
_PICTURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}


def _answer(asked: Asked) -> File:
    asked.data.need("screenshots", "contents")
    sha256 = asked.need("sha256")
    found = asked.data.one(
        """SELECT content FROM contents WHERE sha256 = $1 AND content IS NOT NULL
        AND EXISTS (FROM screenshots WHERE screenshots.sha256 = $1) LIMIT 1""",
        [sha256],
    )
    body = bytes(found["content"]) if found else b""
    kind = next((kind for kind, start in _PICTURES.items() if body.startswith(start)), "")
    if not kind:
        raise NotFound(f"This run has no picture with the SHA-256 {sha256[:64]}.")
    return File(body, kind)


PAGE = Page("picture", _answer)
