"""The tutorial: its very commands and code, in one shell, and what it says that they show."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services import free_port

PAGE = Path(__file__).parent.parent / "docs" / "tutorial.md"


@pytest.mark.firefox
def test_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
    port = str(free_port())
    blocks = [
        (kind, block.replace("8000", port))
        for kind, block in re.findall(r"```(sh|python)\n(.*?)```", PAGE.read_text(), re.DOTALL)
    ]
    script = ["set -e", "trap 'kill $(jobs -p)' EXIT"]
    for number, (kind, block) in enumerate(blocks):
        if kind == "python":
            (tmp_path / f"{number}.py").write_text(block)
        script.append(
            f"echo == {number}\n{block}" if kind == "sh" else f"echo == {number}\npython3 {number}.py"
        )
    own = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)], cwd=tmp_path, env={**os.environ, "PATH": own}, capture_output=True,
        text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    said = dict(enumerate(re.split(r"^== \d+\n", done.stdout, flags=re.MULTILINE)[1:]))
    analyses, why, calls, found = (said[number] for number in sorted(said)[-4:])
    assert "fingerprinting: 1 script fingerprints" in analyses
    assert "print.js" in why and "canvas" in why
    assert "HTMLCanvasElement.toDataURL" in calls
    assert "a1b2c3d4e5f6" in found
