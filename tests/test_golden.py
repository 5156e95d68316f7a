"""Golden files: what is in them for ever, and that no damage to them goes unseen."""

import hashlib
import json
import re
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import ablc

GOLDEN = Path(__file__).parent / "golden"
PICTURES = json.loads((GOLDEN / "ok.json").read_text())
LARGE = "tiles-large"  # decoding it takes too long to do thousands of times
LOST = re.compile("lost: .*(BASE|MASK|BLKS|EXCT|ALPH|PLNS|checksum|cut short)")

# What refuses each file of bad/ says.
MESSAGES = {
    "alpha-cut-short": "damaged: ALPH is damaged in 1 of 1 tile",
    "alpha-missing": "damaged: ALPH is missing",
    "alpha-too-long": "damaged: ALPH is damaged in 1 of 1 tile",
    "bad-magic": "not an ablc stream: it does not begin with 'ABL'",
    "base-cut-short": "damaged: BASE is damaged in 1 of 1 tile",
    "base-missing": "damaged: BASE is missing",
    "base-too-long": "damaged: BASE is damaged in 1 of 1 tile",
    "blocks-cut-short": "damaged: BLKS is damaged in 1 of 1 tile",
    "blocks-missing": "damaged: BLKS is missing",
    "blocks-too-long": "damaged: BLKS is damaged in 1 of 1 tile",
    "byte-after-end": "stream of [0-9]+ bytes is cut short",
    "checksum": "damaged: its checksum",
    "empty": "stream of 0 bytes is cut short",
    "exact-cut-short": "damaged: EXCT is damaged in 1 of 1 tile",
    "exact-missing": "damaged: EXCT is missing",
    "exact-none-too-long": "damaged: EXCT is damaged in 1 of 1 tile",
    "exact-pixels-cut-short": "damaged: EXCT is damaged in 1 of 1 tile",
    "exact-tiles-too-long": "damaged: EXCT is damaged in 1 of 2 tiles",
    "exact-too-long": "damaged: EXCT is damaged in 1 of 1 tile",
    "header-cut-short": "stream of 14 bytes is cut short",
    "height-zero": "header is wrong",
    "mask-cut-short": "damaged: .*is damaged in 1 of 1 tile",
    "mask-missing": "damaged: MASK is missing",
    "mask-too-long": "damaged: .*MASK is damaged in 1 of 1 tile",
    "no-sections": "damaged: BASE is missing",
    "other-version": "needs a newer decoder: version",
    "planes-cut-short": "damaged: PLNS is damaged in 1 of 1 tile",
    "planes-missing": "damaged: PLNS is missing",
    "planes-too-long": "damaged: PLNS is damaged in 1 of 1 tile",
    "prefix": "stream of [0-9]+ bytes is cut short",
    "reserved-channels": "needs a newer decoder: version or flags",
    "section-beyond-end": "is cut short",
    "section-length-endless": "is cut short",
    "section-length-of-33-bits": "is cut short",
    "section-twice": "the stream is damaged",
    "segment-beyond-section": "damaged: BASE is cut short",
    "segment-length-of-33-bits": "damaged: BASE is cut short",
    "segment-lengths-missing": "damaged: BASE is cut short",
    "step-too-large": "header is wrong",
    "step-zero": "header is wrong",
    "tile-side-missing": "stream of 15 bytes is cut short",
    "tile-side-too-large": "header is wrong",
    "tile-side-too-small": "header is wrong",
    "too-many-pixels": "65535x65535 pixels exceeds the limit",
    "width-zero": "header is wrong",
}


def read(folder: str, name: str) -> bytes:
    return (GOLDEN / folder / f"{name}.ablc").read_bytes()


def refused(data: bytes) -> None:
    """Nothing reads a damaged file."""
    for reader in (ablc.decode, ablc.inspect, ablc.keep_mask, ablc.metadata):
        with pytest.raises(ablc.StreamError):
            reader(data)


def saved(data: bytes) -> npt.NDArray[np.uint8] | None:
    """What a partial decode gives of a damaged file; None if it is refused."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            image = ablc.decode(data, partial=True, threads=1, max_pixels=1 << 21)
        except ablc.StreamError:
            assert not caught
            return None
    assert [warning.category for warning in caught] == [ablc.StreamWarning]
    assert LOST.search(str(caught[0].message))
    return image


@pytest.fixture(params=sorted(PICTURES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=sorted(PICTURES.keys() - {LARGE}))
def small(request: pytest.FixtureRequest) -> bytes:
    return read("ok", request.param)


def test_the_folders_hold_the_files_listed() -> None:
    assert {path.stem for path in (GOLDEN / "ok").iterdir()} == PICTURES.keys()
    assert {path.stem for path in (GOLDEN / "bad").iterdir()} == MESSAGES.keys()


@pytest.mark.parametrize("threads", [1, 2])
def test_the_pixels_have_not_changed(name: str, threads: int) -> None:
    image = ablc.decode(read("ok", name), threads=threads)
    assert list(image.shape) == PICTURES[name]["shape"]
    assert hashlib.sha256(image.tobytes()).hexdigest() == PICTURES[name]["sha256"]


def test_partial_decoding_of_a_sound_file_is_silent_and_the_same(name: str) -> None:
    data = read("ok", name)
    assert (ablc.decode(data, partial=True) == ablc.decode(data)).all()


@pytest.mark.parametrize("fault", sorted(MESSAGES))
def test_bad_files_are_refused_with_the_reason(fault: str) -> None:
    data = read("bad", fault)
    wanted = ablc.LimitError if fault == "too-many-pixels" else ablc.StreamError
    with pytest.raises(ablc.StreamError, match=MESSAGES[fault]) as caught:
        ablc.decode(data)
    assert caught.type is wanted
    saved(data)


def test_too_many_pixels_are_refused_by_every_reader() -> None:
    data = read("bad", "too-many-pixels")
    for reader in (ablc.decode, ablc.inspect, ablc.keep_mask):
        with pytest.raises(ablc.LimitError):
            reader(data)


def test_every_strict_prefix_is_refused(name: str) -> None:
    data = read("ok", name)
    for length in range(len(data)):
        refused(data[:length])


def test_every_single_bit_flip_is_refused(name: str) -> None:
    data = read("ok", name)
    for bit in range(8 * len(data)):
        refused(flipped(data, bit))


def test_partial_decoding_of_every_prefix_warns_or_refuses(small: bytes) -> None:
    shape = ablc.decode(small).shape
    for length in range(len(small)):
        image = saved(small[:length])
        assert image is None or image.shape == shape


def test_partial_decoding_of_every_single_bit_flip_warns_or_refuses(small: bytes) -> None:
    for bit in range(8 * len(small)):
        saved(flipped(small, bit))


def test_partial_decoding_of_damaged_tiles_warns_or_refuses() -> None:
    data = read("ok", LARGE)
    for at in range(15, len(data), 131):
        saved(data[:at])
        saved(flipped(data, 8 * at))


def flipped(data: bytes, bit: int) -> bytes:
    damaged = bytearray(data)
    damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)
