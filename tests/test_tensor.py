"""The code of tensors of levels: what goes in comes out, and no bytes break it."""

import contextlib

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ablc._core import StreamError, pack_tensor, unpack_tensor
from ablc.arrays import Flags

Levels = npt.NDArray[np.int16]

MOST = 2047
GOLDEN = "8fd3deb835b60b08d0003a48"  # of ramp()

shapes = st.tuples(st.integers(0, 4), st.integers(0, 9), st.integers(0, 9))
levels_of = st.one_of(st.integers(-MOST, MOST), st.integers(-2, 2))


def ramp() -> Levels:
    """(2, 3, 4): small levels, two that need a suffix, zeros."""
    levels = np.zeros((2, 3, 4), np.int16)
    levels[0] = [[0, 1, -1, 2], [0, 0, 40, -3], [0, 0, 0, 0]]
    levels[1, 0] = [0, 1, -1, -MOST]
    return levels


@st.composite
def tensors(draw: st.DrawFn) -> tuple[Levels, Flags | None]:
    """Levels and where they are coded."""
    shape = draw(shapes)
    levels = draw(arrays(np.int16, shape, elements=levels_of))
    coded = draw(st.none() | arrays(np.bool_, shape[1:]))
    return (levels if coded is None else levels * coded), coded


@given(tensors())
def test_levels_come_back(tensor: tuple[Levels, Flags | None]) -> None:
    levels, coded = tensor
    found = unpack_tensor(pack_tensor(levels, coded), *levels.shape, coded)
    assert found.dtype == np.int16
    assert np.array_equal(found, levels)


@given(st.binary(max_size=64), shapes, st.booleans())
def test_any_bytes_decode_or_raise_stream_error(
    data: bytes, shape: tuple[int, int, int], some: bool
) -> None:
    coded = np.arange(shape[1] * shape[2]).reshape(shape[1:]) % 2 == 0 if some else None
    with contextlib.suppress(StreamError):
        found = unpack_tensor(data, *shape, coded)
        assert found.shape == shape
        assert np.abs(found).max(initial=0) <= MOST
        assert coded is None or not found[:, ~coded].any()


def test_no_shorter_code_reads_as_the_same() -> None:
    levels = np.random.default_rng(1).integers(-30, 31, (3, 8, 8)).astype(np.int16)
    code = pack_tensor(levels)
    for cut in range(len(code)):
        with contextlib.suppress(StreamError):
            assert not np.array_equal(unpack_tensor(code[:cut], *levels.shape), levels)


def test_half_a_code_and_bytes_beyond_the_end_are_refused() -> None:
    levels = np.random.default_rng(1).integers(-30, 31, (3, 8, 8)).astype(np.int16)
    code = pack_tensor(levels)
    for damaged in (code[: len(code) // 2], code + b"\0\0\0\1"):
        with pytest.raises(StreamError, match="packed tensor is damaged or not 3x8x8"):
            unpack_tensor(damaged, *levels.shape)


def test_bytes_have_not_changed() -> None:
    code = bytes.fromhex(GOLDEN)
    assert pack_tensor(ramp()).hex() == GOLDEN
    assert np.array_equal(unpack_tensor(code, 2, 3, 4), ramp())


def test_places_that_are_not_coded_cost_nothing() -> None:
    coded = np.zeros((50, 60), np.bool_)
    assert pack_tensor(np.zeros((9, 50, 60), np.int16), coded) == b""
    coded[20:23, 30:33] = True
    levels = np.random.default_rng(1).integers(-2, 3, (9, 50, 60)).astype(np.int16) * coded
    cut = np.ascontiguousarray(levels[:, 20:23, 30:33])
    assert abs(len(pack_tensor(levels, coded)) - len(pack_tensor(cut))) <= 2


def test_sparse_levels_are_cheap() -> None:
    rng = np.random.default_rng(1)
    levels = (rng.random((16, 32, 32)) < 0.01).astype(np.int16)
    entropy = 16 * 32 * 32 * 0.0808 / 8  # bytes, of a share of 0.01
    assert len(pack_tensor(levels)) < 1.6 * entropy


@pytest.mark.parametrize(
    ("levels", "coded", "message"),
    [
        (np.zeros((2, 3), np.int16), None, r"levels must be \(K, R, C\) int16"),
        (np.full((1, 1, 1), 2048, np.int16), None, r"a level is 2048, expected -2047\.\.2047"),
        (np.zeros((1, 2, 3), np.int16), np.ones((3, 2), bool), r"coded must be \(2, 3\) bool"),
        (np.ones((1, 2, 3), np.int16), np.zeros((2, 3), bool), "must be 0 where coded is False"),
    ],
)
def test_arguments(levels: Levels, coded: Flags | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pack_tensor(levels, coded)


def test_sizes_are_checked_before_anything_is_allocated() -> None:
    with pytest.raises(ValueError, match=r"a tensor has at most 2\^31 - 1 levels"):
        unpack_tensor(b"", 65535, 65535, 65535)
    with pytest.raises(ValueError, match=r"rows is -1, expected 0\.\.65535"):
        unpack_tensor(b"", 1, -1, 1)
