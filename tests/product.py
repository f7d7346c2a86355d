"""The Python files of the product, for tests that hold all of its code to a rule."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("overscripted", "precrawl", "crawl", "etl", "analyses", "report", "lists", "notebooks", "demo")


def python_files() -> list[Path]:
    """All of them, in the order of the pipeline's folders. Links in overscripted/ are not followed."""
    return [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
