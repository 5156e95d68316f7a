"""What a stream guarantees of painted pictures, checked by plain arithmetic (docs/FORMAT.md)."""

import functools
import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ablc
from ablc import _core
from ablc.arrays import Pixels
from scenes import scene

Values = npt.NDArray[np.float64]

TO_YCC = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
PICTURE = scene(150, 220)
STREAMS = {
    "coarse": ablc.encode(PICTURE, quality=20),
    "fine": ablc.encode(PICTURE, quality=92),
    "grey": ablc.encode(PICTURE[:, :, 1], quality=40),
    "alpha": ablc.encode(np.dstack([PICTURE, PICTURE[:, :, 0]]), quality=40),
    "full chroma": ablc.encode(PICTURE, quality=45, subsampling="4:4:4"),
    "weighted": ablc.encode(
        PICTURE, quality=35, importance=ablc.Roi(ablc.Region(30, 20, 90, 70), weight=64)
    ),
    "exact region": ablc.encode(
        PICTURE, quality=30, importance=ablc.Roi(ablc.Region(30, 20, 90, 70), weight=math.inf)
    ),
    "exact pixels": ablc.encode(PICTURE, quality=30, mask="pixels"),
    "all dropped": ablc.encode(PICTURE, quality=30, mask=np.zeros((19, 28), bool)),
    "tiny": ablc.encode(PICTURE[:5, :11], quality=30),
}


@functools.cache
def decoded(name: str) -> tuple[Pixels, _core.Guide]:
    image, _, guide = _core.Stream(STREAMS[name], max_pixels=1 << 20).decode_guided()
    assert guide is not None
    return image, guide


def project(name: str, painted: npt.NDArray[np.float32], threads: int = 1) -> Pixels:
    image, guide = decoded(name)
    result = image.copy()
    guide.project(result, painted, 0, threads)
    return result


def planes(image: Pixels) -> Values:
    """(P, H, W): Y, Cb, Cr but for their constants, or grey alone."""
    values = image.astype(np.float64)
    if image.shape[2] == 1:
        return values.transpose(2, 0, 1)
    return np.einsum("pc,hwc->phw", TO_YCC, values[:, :, :3])


def dct(block: Values) -> Values:
    """Orthonormal DCT-II of a square."""
    n = len(block)
    k, i = np.mgrid[:n, :n]
    basis = np.sqrt(np.where(k == 0, 1, 2) / n) * np.cos(np.pi * (2 * i + 1) * k / (2 * n))
    return np.asarray(basis @ block @ basis.T)


def step_of_offset(step: int, offset: int) -> int:
    quarters = (4096, 4871, 5793, 6889)
    octave = offset >> 2
    scaled = step * quarters[offset & 3]
    scaled = scaled << octave if octave >= 0 else scaled >> -octave
    return min(max((scaled + 2048) >> 12, 16), 16384)


def half_steps(n: int, step: int) -> Values:
    """Half the quantisation step of every coefficient of n x n, grey levels."""
    y, x = np.mgrid[:n, :n]
    radius = np.array([math.isqrt(v) for v in ((x * x + y * y) * 65536 // (n * n)).ravel()])
    weight = 54 + ((45 * radius.reshape(n, n) + 128) >> 8)
    return np.asarray(step / 16 * weight / 64 / 2)


def leaves(guide: _core.Guide) -> Iterator[tuple[int, int, int, bool]]:
    """Row and column of the first cell, cells of a side, and whether the leaf is kept."""
    for r, c in np.ndindex(guide.kept.shape):
        side = 1 << (int(guide.log2_size[r, c]) - 3)
        if r % side == 0 and c % side == 0:
            yield r, c, side, bool(guide.kept[r, c])


def squares(guide: _core.Guide) -> Iterator[tuple[int, int, int]]:
    """What a chroma block covers: leaves of 16x16 and more, and squares of 16x16 elsewhere."""
    for r in range(0, guide.kept.shape[0], 2):
        for c in range(0, guide.kept.shape[1], 2):
            side = max(2, 1 << (int(guide.log2_size[r, c]) - 3))
            if r % side == 0 and c % side == 0:
                yield r, c, side


def check(name: str, image: Pixels) -> None:
    """Every promise, for every block."""
    before, guide = decoded(name)
    change = planes(image) - planes(before)
    rows, columns = (8 * n for n in guide.kept.shape)
    far = [(0, 0), (0, rows + 64 - change.shape[1]), (0, columns + 64 - change.shape[2])]
    whole = np.pad(change, far, mode="edge")

    def means(plane: int, r: int, c: int, side: int) -> None:
        step = step_of_offset(guide.step, int(guide.offset[r, c]))
        most = max(1, (step * (80, 56, 56)[plane] + 512) >> 10) / 32
        for i in range(r, min(r + side, guide.kept.shape[0])):
            for j in range(c, min(c + side, guide.kept.shape[1])):
                cell = change[plane, 8 * i : 8 * i + 8, 8 * j : 8 * j + 8]
                assert abs(cell.mean()) <= most

    for r, c, side, kept in leaves(guide):
        if not kept:
            means(0, r, c, side)
            continue
        n = 8 * side
        block = whole[0, 8 * r : 8 * r + n, 8 * c : 8 * c + n]
        step = step_of_offset(guide.step, int(guide.offset[r, c]))
        assert (abs(dct(block)) <= half_steps(n, step)).all()
    for plane in range(1, len(change)):
        for r, c, side in squares(guide):
            cells = np.s_[r : r + side, c : c + side]
            if not (guide.kept[cells] | guide.chroma_coded[cells]).any():
                means(plane, r, c, side)
                continue
            n = 8 * side
            block = whole[plane, 8 * r : 8 * r + n, 8 * c : 8 * c + n]
            if guide.subsample:
                n //= 2
                block = block.reshape(n, 2, n, 2).mean((1, 3))
            step = step_of_offset(guide.step, int(guide.offset[r, c]))
            chroma = (min(step, 640) * 9 + 4 >> 3) + (max(step - 640, 0) * 5 >> 3)
            assert (abs(dct(block)) <= half_steps(n, chroma)).all()
    if guide.exact is not None:
        assert (image[guide.exact] == before[guide.exact]).all()
    if image.shape[2] == 4:
        assert (image[:, :, 3] == before[:, :, 3]).all()


def painted_as(name: str, kind: str, seed: int) -> npt.NDArray[np.float32]:
    image, _ = decoded(name)
    rng = np.random.default_rng(seed)
    colours = 1 if image.shape[2] == 1 else 3
    right = np.ascontiguousarray(image[:, :, :colours].transpose(2, 0, 1)).astype(np.float32) / 255
    noise = rng.standard_normal(right.shape).astype(np.float32)
    match kind:
        case "much noise":
            return right + noise
        case "a little noise":
            return right + 0.03 * noise
        case "white":
            return np.ones_like(right)
        case "far out":
            return 1e30 * noise
        case "no numbers":
            return np.where(rng.random(right.shape) < 0.5, np.nan, right + 0.1 * noise)
        case "infinite":
            return np.where(noise > 0, np.inf, -np.inf).astype(np.float32)
    raise AssertionError(kind)


KINDS = ("much noise", "a little noise", "white", "far out", "no numbers", "infinite")


@given(st.sampled_from(sorted(STREAMS)), st.sampled_from(KINDS), st.integers(0, 99))
def test_no_painting_breaks_what_the_stream_says(name: str, kind: str, seed: int) -> None:
    check(name, project(name, painted_as(name, kind, seed)))


@pytest.mark.parametrize("name", STREAMS)
def test_the_decoded_picture_stays_as_it_is(name: str) -> None:
    image, _ = decoded(name)
    colours = 1 if image.shape[2] == 1 else 3
    same = np.ascontiguousarray(image[:, :, :colours].transpose(2, 0, 1)).astype(np.float32) / 255
    assert (project(name, same) == image).all()
    assert (project(name, np.full_like(same, np.nan)) == image).all()


def test_small_changes_go_through() -> None:
    image, guide = decoded("coarse")
    brighter = (np.ascontiguousarray(image.transpose(2, 0, 1)).astype(np.float32) + 1) / 255
    expected = np.minimum(image.astype(int) + 1, 255)
    assert guide.step / 16 * 80 / 1024 / 2 > 1  # so much may the mean of a dropped cell change
    assert (project("coarse", brighter) == expected).mean() > 0.99


def test_strips_and_threads_give_the_same() -> None:
    painted = painted_as("weighted", "much noise", 1)
    whole = project("weighted", painted)
    assert (project("weighted", painted, threads=3) == whole).all()
    image, guide = decoded("weighted")
    strips = image.copy()
    for top in (64, 0):
        part = painted[:, top : 64 if top == 0 else None]
        guide.project(strips, np.ascontiguousarray(part), top)
    assert (strips == whole).all()


def test_a_guide_belongs_to_lossy_streams_and_whole_superblocks() -> None:
    assert (
        _core.Stream(ablc.encode(PICTURE, lossless=True), max_pixels=1 << 20).decode_guided()[2]
        is None
    )
    image, guide = decoded("coarse")
    part, _, own = _core.Stream(STREAMS["coarse"]).decode_guided(
        max_pixels=1 << 20, region=(64, 64, 100, 50)
    )
    assert own is not None
    assert (part == image[64:114, 64:164]).all()
    assert (own.kept == guide.kept[8:15, 8:21]).all()
    with pytest.raises(ValueError, match="multiples of 64 pixels, not at 32,8"):
        _core.Stream(STREAMS["coarse"]).decode_guided(region=(32, 8, 100, 50))


@pytest.mark.parametrize(
    ("shape", "top", "message"),
    [
        ((3, 150, 219), 0, "at least as wide"),
        ((1, 150, 220), 0, r"painted must be \(3, h, w\)"),
        ((3, 150, 220), 16, "top must be a multiple of 64"),
        ((3, 150, 220), 160, "top must be a multiple of 64 inside"),
        ((3, 40, 220), 0, "end at a multiple of 64 rows"),
    ],
)
def test_what_does_not_fit_is_refused(shape: tuple[int, ...], top: int, message: str) -> None:
    image, guide = decoded("coarse")
    with pytest.raises(ValueError, match=message):
        guide.project(image.copy(), np.zeros(shape, np.float32), top)
    with pytest.raises(ValueError, match="picture must be"):
        guide.project(np.zeros((10, 10, 3), np.uint8), np.zeros((3, 10, 10), np.float32))
