"""Files of other codecs, kept on disk."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ablc.arrays import Pixels
from ablc.eval.rd.kept import keeping
from ablc.eval.store import Store
from ablc.peers.codec import Codec
from scenes import scene


@pytest.fixture
def encoded() -> list[float]:
    """Return the qualities that the codec has encoded."""
    return []


@pytest.fixture
def codec(encoded: list[float]) -> Codec:
    def encode(picture: Pixels, quality: float) -> bytes:
        encoded.append(quality)
        return bytes(picture[0, 0]) + bytes([int(quality)])

    return Codec("made up", "as it is", "1.0", encode, lambda _: scene(16, 16), (1, 2))


def test_a_file_is_made_once(codec: Codec, encoded: list[float], tmp_path: Path) -> None:
    picture = scene(16, 24)
    first, second = (keeping(codec, Store(tmp_path)).encode(picture, 3) for _ in range(2))
    assert first == second == codec.encode(picture, 3)
    assert encoded == [3, 3]  # the second by the comparison
    assert keeping(codec, Store(tmp_path)).encode(picture, 3.0) == first


def test_whatever_decides_the_file_is_in_the_key(
    codec: Codec, encoded: list[float], tmp_path: Path
) -> None:
    picture, store = scene(16, 24), Store(tmp_path)
    keeping(codec, store).encode(picture, 1)
    other = np.ascontiguousarray(picture)
    other[-1, -1] ^= 1
    keeping(codec, store).encode(other, 1)
    keeping(codec, store).encode(picture.reshape(24, 16, 3), 1)
    keeping(codec, store).encode(picture, 2)
    for changed in ({"name": "x"}, {"settings": "x"}, {"library": "2.0"}):
        keeping(replace(codec, **changed), store).encode(picture, 1)
    assert len(encoded) == 7
    keeping(codec, store).encode(picture, 1)
    assert len(encoded) == 7


def test_a_fresh_store_has_every_file_made_again(
    codec: Codec, encoded: list[float], tmp_path: Path
) -> None:
    picture = scene(16, 24)
    for fresh in (False, True, True, False):
        keeping(codec, Store(tmp_path, fresh=fresh)).encode(picture, 1)
    assert len(encoded) == 3


def test_a_damaged_file_is_made_again(codec: Codec, encoded: list[float], tmp_path: Path) -> None:
    picture, store = scene(16, 24), Store(tmp_path)
    data = keeping(codec, store).encode(picture, 1)
    (kept,) = (path for path in tmp_path.rglob("*") if path.name == "file")
    for harm in (lambda: kept.write_bytes(data[:-1]), kept.unlink):
        harm()
        assert keeping(codec, store).encode(picture, 1) == data
    assert len(encoded) == 3
