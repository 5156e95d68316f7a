"""Exact samples: what is marked comes back as it was, the rest gains and never breaks."""

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ablc import _core
from ablc.arrays import Flags, Pixels
from scenes import scene

sides = st.integers(1, 40)
channels = st.sampled_from([1, 3, 4])
steps = st.integers(16, 16384)
pictures = st.tuples(sides, sides, channels).flatmap(lambda shape: arrays(np.uint8, shape))


def cells_of(image: Pixels) -> tuple[int, int]:
    return -(-image.shape[0] // 8), -(-image.shape[1] // 8)


def to_pixels(cells: Flags, image: Pixels) -> Flags:
    """(H, W): the pixels in marked cells."""
    return np.kron(cells, np.ones((8, 8), bool))[: image.shape[0], : image.shape[1]]


def decode(data: bytes, *, threads: int = 1) -> Pixels:
    image, lost = _core.Stream(data, max_pixels=1 << 24).decode(threads=threads)
    assert not lost
    return image


def sections(data: bytes) -> dict[str, int]:
    """Length of every section."""
    parts = _core.Stream(data, max_pixels=1 << 24).sections
    return {part["name"]: part["length"] for part in parts}


def without_exact(data: bytes) -> bytes:
    """The same file with neither EXCT nor its flag."""
    parts = _core.Stream(data, max_pixels=1 << 24).sections
    kept = [p for p in parts if p["name"] != "EXCT"]
    out = bytearray(b"".join(data[p["offset"] : p["offset"] + p["length"]] for p in kept))
    out[4] &= 127
    out[11:15] = zlib.crc32(out[15:], zlib.crc32(out[:11])).to_bytes(4, "little")
    return bytes(out)


@given(pictures, steps, st.data())
def test_exact_cells_come_back(image: Pixels, step: int, draw: st.DataObject) -> None:
    exact = draw.draw(arrays(np.bool_, cells_of(image)))
    decoded = decode(_core.encode(image, step=step, exact=exact))
    assert (decoded == image)[to_pixels(exact, image)].all()
    assert (decoded[..., 3:] == image[..., 3:]).all()  # alpha, if there is any


@given(pictures, steps, st.data())
def test_exact_pixels_come_back(image: Pixels, step: int, draw: st.DataObject) -> None:
    exact = draw.draw(arrays(np.bool_, image.shape[:2]))
    decoded = decode(_core.encode(image, step=step, exact=exact))
    assert (decoded == image)[exact].all()
    assert (decoded[..., 3:] == image[..., 3:]).all()


@given(
    st.integers(1, 300),
    st.integers(1, 300),
    channels,
    st.booleans(),
    st.booleans(),
    st.floats(0, 1),
    st.integers(0, 9),
)
def test_exact_samples_come_back_in_tiles(  # type: ignore[no-untyped-def]
    height, width, count, single, subsample, share, seed
) -> None:
    image = scene(height, width, count, seed)
    shape = image.shape[:2] if single else cells_of(image)
    exact = np.random.default_rng(seed).random(shape) < share
    data = _core.encode(
        image, step=2000, effort=1, tile=256, exact=exact, subsample=subsample, threads=2
    )
    decoded = decode(data)
    assert (decoded == image)[exact if single else to_pixels(exact, image)].all()
    assert (decode(data, threads=3) == decoded).all()


@given(st.data(), st.sampled_from([8, 1]))
def test_exact_samples_go_with_masks_and_importance(draw: st.DataObject, side: int) -> None:
    image = scene(50, 70)
    cells = cells_of(image)
    exact = draw.draw(arrays(np.bool_, cells if side == 8 else image.shape[:2]))
    mask = draw.draw(arrays(np.bool_, cells))
    importance = draw.draw(arrays(np.float32, cells, elements=st.sampled_from([0, 0.01, 1, 300])))
    data = _core.encode(image, step=1200, exact=exact, mask=mask, importance=importance)
    assert (decode(data) == image)[to_pixels(exact, image) if side == 8 else exact].all()
    assert (_core.Stream(data, max_pixels=1 << 24).keep_mask() == mask).all()


@pytest.mark.parametrize("side", [8, 1])
def test_nothing_marked_changes_nothing(side: int) -> None:
    image = scene(40, 60)
    exact = np.zeros(cells_of(image) if side == 8 else image.shape[:2], bool)
    data = _core.encode(image, step=1000, exact=exact)
    assert (decode(data) == decode(_core.encode(image, step=1000))).all()
    assert sections(data)["EXCT"] <= 6


def test_everything_marked_costs_little_more_than_lossless() -> None:
    image = scene(96, 128)
    data = _core.encode(image, step=16384, exact=np.ones(cells_of(image), bool))
    assert (decode(data) == image).all()
    assert len(data) < 1.02 * len(_core.encode(image, lossless=True))


def test_cells_leave_the_pixels_beside_them_alone() -> None:
    image = scene(64, 64)
    exact = np.zeros((8, 8), bool)
    exact[2:5, 3:6] = True
    outside = ~to_pixels(exact, image)
    data = _core.encode(image, step=3000, exact=exact)
    decoded = decode(without_exact(data))
    assert (decode(data)[outside] == decoded[outside]).all()


def test_single_pixels_draw_the_others_nearer() -> None:
    image = scene(96, 96)
    exact = np.random.default_rng(2).random((96, 96)) < 0.1
    data = _core.encode(image, step=6000, exact=exact)
    error = np.square(decode(data).astype(float) - image)[~exact].mean()
    assert error < np.square(decode(without_exact(data)).astype(float) - image)[~exact].mean()


def test_lossless_has_no_use_for_exact_samples() -> None:
    image = scene(20, 20)
    exact = np.ones((20, 20), bool)
    assert _core.encode(image, lossless=True, exact=exact) == _core.encode(image, lossless=True)


@pytest.mark.parametrize("shape", [(3, 4), (24, 33, 1), (24, 32), (33, 24), (0, 0)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"exact must be \(3, 5\), one value per 8x8 cell"):
        _core.encode(scene(24, 33), exact=np.zeros(shape, bool))


@pytest.mark.parametrize("side", [8, 1])
def test_damage_leaves_the_picturewithout_exact_samples(side: int) -> None:
    image = scene(40, 48)
    exact = np.ones(cells_of(image) if side == 8 else image.shape[:2], bool)
    data = _core.encode(image, step=2000, exact=exact)
    saved, lost = _core.Stream(data[: len(data) - 400], max_pixels=1 << 20, partial=True).decode()
    assert any("EXCT is damaged in 1 of 1 tile" in what for what in lost)
    assert (saved == decode(without_exact(data))).all()
