"""Where a run lives: files below a root, and the promise that a stage's output is replaced as a whole."""

from contextlib import AbstractContextManager

from overscripted.exchange import Exchange
from overscripted.files import STAGING, Files

__all__ = ["STAGING", "Store"]


class Store(Files):
    """A root that holds a run. ``url`` is a folder or ``s3://bucket/prefix``; see `Files` for its options."""

    def replace(self, *keys: str) -> AbstractContextManager["Store"]:
        """Replace folders or files as a whole, or not at all.

        Gives a store to write the same keys into. When the block ends without an error, each key
        takes its new content (a key that was not written is deleted). A crash before that leaves
        everything as it was; a crash during the exchange is completed by the next `recover`, which
        opening a run calls. The same keys staged again replace what an interrupted run left.

        Several processes and machines may replace different keys of one store at the same time. Raises
        OutsideError if another process staged the same keys at the same time.
        """
        return Exchange(self).replace(*keys)

    def recover(self) -> None:
        """Complete exchanges that were interrupted after everything had been staged."""
        Exchange(self).recover()
