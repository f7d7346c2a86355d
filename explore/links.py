"""Addresses of the explorer's pages: of the application, or of files that are published."""

from urllib.parse import urlencode

from overscripted.explore.linked import Target
from overscripted.explore.settings import PREVIEW_ROWS
from overscripted.explore.state import State
from overscripted.explore.views import View


class Links:
    """Addresses in the application, of one run.

    ``static``: pages are files, without forms. ``preview_rows``: rows of a table on the page of something.
    """

    static = False
    preview_rows = PREVIEW_ROWS

    def __init__(self, run: str) -> None:
        self.run = run

    def page(self, target: Target | None) -> str | None:
        """The address of a page; None where there is no page to link to."""
        if target is None:
            return None
        query = urlencode(target.keys)
        return f"/{self.run}/{target.path}" + (f"?{query}" if query else "")

    def to(self, path: str, **keys: str) -> str | None:
        """The address of a page by its path and keys."""
        return self.page(Target(path, tuple(keys.items())))

    def view(self, view: View, state: State, format: str = "", **changes: object) -> str | None:
        """The address of a view in a state with changes; ``format``: of a download, such as ``.csv``."""
        query = state.query(**changes)
        return f"/{self.run}/t/{view.name}{format}" + (f"?{query}" if query else "")

    def hides(self, view: View, column: str) -> bool:
        """Whether the values of a column are not shown."""
        return False

    def asset(self, name: str) -> str:
        """The address of a style sheet or script."""
        return f"/static/{name}"
