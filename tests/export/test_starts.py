"""The starts of the adaptive models: the fit, the records of an encoder, the C++ they become."""

import re
import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

for needed in ("cv2", "scipy"):
    pytest.importorskip(needed, reason="the trainers need the [train] extra")

from ablc import _core  # noqa: E402
from ablc.export import codec_data, starts  # noqa: E402

CSRC = Path(__file__).parents[2] / "csrc"
STEPS = (100, 300, 500, 900, 1600)  # one of every band


def counts(shares: list[float], total: int) -> npt.NDArray[np.float64]:
    """(S, 1, 2) of segments in which a model coded these shares of ones."""
    return np.array([[[round(share * total), total]] for share in shares], dtype=np.float64)


@pytest.mark.parametrize("p", [0.03, 0.25, 0.5, 0.9])
def test_probability_is_that_of_the_segments(p: float) -> None:
    fitted, _ = starts.fit(counts([p] * 20, 200))
    assert fitted[0] / 65536 == pytest.approx(p, abs=0.002)


def test_equal_segments_make_a_strong_start() -> None:
    _, strength = starts.fit(counts([0.3] * 20, 200))
    assert strength[0] == starts.STRENGTHS[-1]


def test_differing_segments_make_a_weak_start() -> None:
    p, strength = starts.fit(counts([0.02, 0.98] * 10, 200))
    assert strength[0] == starts.STRENGTHS[0]
    assert p[0] == pytest.approx(32768, abs=200)


def test_unused_model_starts_even_without_weight() -> None:
    p, strength = starts.fit(np.zeros((5, 1, 2)))
    assert (p[0], strength[0]) == (32768, 0)


def test_long_segment_does_not_rule() -> None:
    several = np.concatenate([counts([0.2] * 9, 400), counts([0.8], 1_000_000)])
    p, _ = starts.fit(several)
    assert p[0] / 65536 == pytest.approx(0.26, abs=0.01)


def test_probability_stays_off_the_ends() -> None:
    p, _ = starts.fit(counts([0.0] * 5, 400))
    assert p[0] == 65536 // 2048


def test_records_are_read_as_written(tmp_path: Path) -> None:
    path = tmp_path / "records.bin"
    rows = [("tile", 640, [1, 2, 3, 4]), ("mask", 0, [5, 6]), ("tile", 90, [7, 8, 9, 10])]
    with path.open("wb") as file:
        for kind, step, values in rows:
            file.write(np.array([len(kind), step, len(values)], np.uint32).tobytes())
            file.write(kind.encode() + np.array(values, np.uint32).tobytes())
    records = starts.read_records(path)
    assert [(step, r.tolist()) for step, r in records["tile"]] == [
        (640, [1, 2, 3, 4]),
        (90, [7, 8, 9, 10]),
    ]
    assert [(step, r.tolist()) for step, r in records["mask"]] == [(0, [5, 6])]


def test_a_step_of_every_band() -> None:
    steps = codec_data.steps(np.random.default_rng(0))
    assert all(low <= s < high for s, (low, high) in zip(steps, codec_data.BANDS, strict=True))


def test_bands_are_those_of_the_codec() -> None:
    text = (CSRC / "starts.h").read_text(encoding="ascii")
    body = re.search(r"step_band\(int step\) \{([^}]*)\}", text)
    assert body is not None
    assert [int(n) for n in re.findall(r"\d+", body[1])] == [low for low, _ in codec_data.BANDS[1:]]


def pairs(text: str, name: str) -> list[tuple[int, int]]:
    """The {p, seen} of a constant, as its declared size promises."""
    result = re.search(rf" {name}((?:\[\d+\])+) = (.*?)\}};", text, re.DOTALL)
    assert result is not None, name
    values = [(int(p), int(s)) for p, s in re.findall(r"\{(\d+), (\d+)\}", result[2] + "}")]
    assert len(values) == np.prod([int(n) for n in re.findall(r"\d+", result[1])])
    return values


def test_source_holds_the_fit(tmp_path: Path) -> None:
    out = tmp_path / "models.inc"
    starts.write(
        {
            "tile": [(s, np.array([60, 240, 0, 0, 80, 80], np.uint32)) for s in STEPS],
            "mask": [(0, np.array([10, 20], np.uint32))],
        },
        out,
    )
    text = out.read_text(encoding="ascii")
    tile = pairs(text, "kTileStarts")
    assert tile[:3] == tile[3:6]
    assert tile[1] == (32768, 0)
    assert tile[0][0] / 65536 == pytest.approx(0.25, abs=0.01)
    assert len(pairs(text, "kMaskStarts")) == 1


def test_shipped_starts_are_in_range() -> None:
    text = (CSRC / "starts_tables.inc").read_text(encoding="ascii")
    for name in ("kTileStarts", "kMaskStarts"):
        p, seen = np.array(pairs(text, name)).T
        assert 16 <= p.min() <= p.max() <= 65520
        assert set(seen) <= {0, *starts.STRENGTHS}


@pytest.mark.parametrize("sides", [(700, 513), (512, 512), (130, 600)])
def test_part_is_what_a_tile_holds(sides: tuple[int, int]) -> None:
    height, width = sides
    rows, columns = np.mgrid[:height, :width].astype(np.uint16)
    picture = np.stack([rows % 251, columns % 251, rows // 251 + 16 * (columns // 251)], -1)
    result = starts.part(picture.astype(np.uint8), np.random.default_rng(0))
    assert result.shape == (min(height, 512), min(width, 512), 3)
    top, left = (int(result[0, 0, c]) + 251 * (int(result[0, 0, 2]) >> 4 * c & 15) for c in (0, 1))
    part = picture[top : top + result.shape[0], left : left + result.shape[1]]
    assert np.array_equal(result, part)


def test_second_extension_loads_beside_the_first(tmp_path: Path) -> None:
    path = shutil.copy(str(_core.__file__), tmp_path)
    second = codec_data.load_core(tmp_path)
    assert second.__file__ == path
    picture = np.full((16, 16, 3), 90, np.uint8)
    stream = second.encode(picture)
    assert stream == _core.encode(picture)
    assert type(second.Stream(stream)) is not _core.Stream


def test_missing_extension_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no extension"):
        codec_data.load_core(tmp_path)
