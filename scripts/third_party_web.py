"""Write lists/builtin/third_party_web.json from a version of the npm package third-party-web.

python -m scripts.third_party_web 0.30.0        needs npm
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PACKAGE = "third-party-web"
FILE = "dist/entities-nostats.json"
TARGET = Path("lists/builtin/third_party_web.json")
# What the list needs. Left out are home pages, products within services, and examples.
KEPT = ("name", "company", "category", "domains")


def content(version: str, data: bytes, licence: str) -> str:
    """The list as Overscripted has it, with one entity in a line, so that a change shows what changed."""
    about = {
        "name": "third_party_web",
        "version": version,
        "licence": "MIT",
        "provenance": f"npm package {PACKAGE} {version}, {FILE}, SHA-256 {hashlib.sha256(data).hexdigest()}; "
        f"without {', '.join(sorted(_fields(data) - set(KEPT)))}",
        "licence_text": licence.strip(),
    }
    head = json.dumps(about, indent=2, ensure_ascii=False).removesuffix("\n}")
    entities = [{key: entity[key] for key in KEPT if key in entity} for entity in json.loads(data)]
    lines = ",\n".join(f"    {json.dumps(entity, ensure_ascii=False)}" for entity in entities)
    return f'{head},\n  "entities": [\n{lines}\n  ]\n}}\n'


def _fields(data: bytes) -> set[str]:
    entities: list[dict[str, Any]] = json.loads(data)
    return {key for entity in entities for key in entity}


def fetch(version: str) -> tuple[bytes, str]:
    """The package's list and its licence, by npm."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["npm", "pack", "--silent", f"{PACKAGE}@{version}"],
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        (archive,) = Path(folder).glob("*.tgz")
        shutil.unpack_archive(archive, folder)
        package = Path(folder) / "package"
        return (package / FILE).read_bytes(), (package / "LICENSE").read_text("utf-8")


def main() -> None:
    """Write the list of the version that the command line names."""
    version = sys.argv[1]
    TARGET.write_text(content(version, *fetch(version)), "utf-8")


if __name__ == "__main__":
    main()
