"""Fixtures of all tests: synthetic pictures, photographs from ABLC_DATA, numbers of examples."""

import os
import signal
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, settings
from PIL import Image

from ablc import errors, picture_plugins, telemetry
from ablc.runtime import registry, session
from scenes import scene

telemetry.switch_off()  # for tests that import onnxruntime; test_telemetry.py tests without this

# Started in the background by a shell, pytest would hand an ignored SIGINT down to its children.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile(
    "ablc",
    max_examples=int(os.environ.get("ABLC_EXAMPLES", "40")),
    deadline=None,  # shared machines are slow at times
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ablc")


@pytest.fixture(scope="session")
def photo() -> npt.NDArray[np.uint8]:
    """A picture (150, 220, 3); neither side is a multiple of the largest block."""
    return scene(150, 220)


@pytest.fixture(scope="session")
def kodak() -> Path:
    """The folder of the Kodak set."""
    root = os.environ.get("ABLC_DATA")
    if root is None:
        pytest.skip("ABLC_DATA does not name a folder with the Kodak set (kodak/kodim01.png ...)")
    folder = Path(root) / "kodak"
    if not folder.is_dir():
        pytest.skip(f"no folder kodak in ABLC_DATA ({root})")
    return folder


@pytest.fixture(autouse=True)
def classical(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No network runs, whether or not ONNX Runtime is installed.

    Tests that take the fixture networks are left alone.
    """
    if "networks" not in request.fixturenames:
        monkeypatch.setattr(session, "installed", lambda: False)
        session.onnxruntime.cache_clear()


@pytest.fixture(autouse=True)
def no_warnings_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test is like a process of its own to warnings that a process issues once."""
    monkeypatch.setattr(errors, "_unpainted", {})


@pytest.fixture(autouse=True)
def plain_pillow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the plug-in from Pillow, in which other tests register it for the whole process."""
    if request.module.__name__.endswith("test_pillow"):
        return
    picture_plugins.load()  # all other formats, which Pillow would add to the list put away here
    monkeypatch.setattr(Image, "ID", [name for name in Image.ID if name != "ABLC"])
    for table, name in ((Image.OPEN, "ABLC"), (Image.SAVE, "ABLC"), (Image.EXTENSION, ".ablc")):
        monkeypatch.delitem(table, name, raising=False)


@pytest.fixture
def networks() -> None:
    """Let networks run; skips without ONNX Runtime."""
    pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in place of the networks that come with ablc."""
    folder = tmp_path / "shipped"
    folder.mkdir()
    monkeypatch.setattr(registry, "SHIPPED", folder)
    monkeypatch.delenv("ABLC_MODELS", raising=False)
    return folder


@pytest.fixture
def own(shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that ABLC_MODELS names."""
    folder = tmp_path / "own"
    folder.mkdir()
    monkeypatch.setenv("ABLC_MODELS", str(folder))
    return folder
