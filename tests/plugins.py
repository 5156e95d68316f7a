"""Finders, installed as if by a package, for processes that tests start."""

from pathlib import Path

import pytest

CODE = """
import os, signal, time
from pathlib import Path

def lethal(pixels):  # kills its process for a picture that begins with 255; once for one with 254
    once = Path(__file__).with_name("killed")
    if pixels[0, 0, 0] == 255 or (pixels[0, 0, 0] == 254 and not once.exists()):
        once.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return pixels[..., 0] >= 0

def slow(pixels):
    time.sleep(0.2)
    return pixels[..., 0] >= 0
"""


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with the finders lethal and slow, on the path of every process."""
    folder = tmp_path / "plugins"
    about = folder / "made_finders-1.dist-info"
    about.mkdir(parents=True)
    (folder / "made_finders.py").write_text(CODE)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: made-finders\nVersion: 1\n")
    points = "".join(f"{name} = made_finders:{name}\n" for name in ("lethal", "slow"))
    (about / "entry_points.txt").write_text(f"[ablc.finders]\n{points}")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.syspath_prepend(str(folder))
    return folder
