"""The servers that tests start are what they say, and leave nothing behind."""

import os
import shutil
from pathlib import Path

import pytest

from tests import services


@pytest.mark.skipif(not shutil.which("Xvfb"), reason="Xvfb is not installed (Debian: apt install xvfb)")
def test_each_display_is_one_of_its_own_and_goes() -> None:
    with services.display() as one, services.display() as other:
        sockets = [Path(f"/tmp/.X11-unix/X{name[1:]}") for name in (one, other)]
        assert one != other
        assert all(socket.is_socket() for socket in sockets)
    assert not any(socket.exists() for socket in sockets)


def test_without_xvfb_its_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(FileNotFoundError, match="apt install xvfb"), services.display():
        pass
