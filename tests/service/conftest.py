"""A service that most tests share, and the files that they send to it."""

import io
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

import ablc
from ablc.cli.serve import EXTRA
from serving import Service, serving


@pytest.fixture(scope="session", autouse=True)
def extra() -> None:
    """Skip all tests here unless the extra of `ablc serve` is installed."""
    for library in EXTRA:
        pytest.importorskip(library, reason="the extra ablc[serve] is not installed")


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    """Two workers, uploads of up to a MiB, pictures of up to a megapixel."""
    with serving(
        workers=2,
        max_upload=1 << 20,
        max_pixels=1_000_000,
        max_memory=64 << 20,
        upload_seconds=2,
        header_seconds=1,
        send_seconds=1,
    ) as running:
        yield running
        assert running.process.poll() is None, "the service has ended by itself"
        faults = [line for line in running.lines if line["level"] == "error"]
        assert not faults, faults[0].get("trace", faults[0]["event"])


@pytest.fixture(scope="session")
def stream(photo: npt.NDArray[np.uint8]) -> bytes:
    return ablc.encode(photo, quality=60, exif=b"MM\0*\0\0\0\x08\0\0\0\0\0\0")


@pytest.fixture(scope="session")
def png(photo: npt.NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "PNG")
    return file.getvalue()
