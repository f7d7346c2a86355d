"""The Python files of the product, for tests that hold all of its code to a rule."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
# The links in overscripted/ are its packages that stand at the top.
FOLDERS = (
    "overscripted",
    *sorted(path.name for path in (ROOT / "overscripted").iterdir() if path.is_symlink()),
)


def python_files() -> list[Path]:
    """All of them, folder by folder. Links in overscripted/ are not followed."""
    return [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
