"""StackGAN's second stage as a codec: a small picture in the file, the whole one shown."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import ablc
from ablc import _core, metrics
from ablc.arrays import Pixels
from ablc.errors import LimitError, ModelError, ProviderError, StreamError
from ablc.eval.paper import stage2
from ablc.runtime import assistance, assistance_encoder, painter
from scenes import drawing, scene

WHOLE = scene(64, 96)  # sides are multiples of 4


def coded(picture: Pixels = WHOLE, label: int = 3) -> bytes:
    """Return a file encoded without a network."""
    return stage2.encode(picture, quality=60, label=label, threads=1)


# ---- round trips -------------------------------------------------------------------------------
@pytest.mark.parametrize("picture", [scene(90, 131), drawing(101, 128)], ids=["scene", "drawing"])
def test_picture_comes_back_alike(networks: None, picture: Pixels) -> None:
    data = stage2.encode(picture, quality=80, threads=1)
    shown = stage2.decode(data, threads=1)
    assert shown.shape == picture.shape
    assert shown.dtype == np.uint8
    assert len(data) < 2500
    assert metrics.psnr(stage2.shrunk(picture, 4), stage2.shrunk(shown, 4)) > 18
    assert (stage2.decode(data, threads=1) == shown).all()


@pytest.mark.parametrize("height", [1, 32, 33, 34, 35])
def test_any_size_comes_back(networks: None, height: int) -> None:
    for width in (1, 40, 41, 42, 43):
        data = coded(scene(height, width))
        assert (data[0] < 16) == bool(height % 4 or width % 4)
        assert stage2.decode(data, threads=1).shape == (height, width, 3)


@pytest.mark.parametrize("shape", [(30, 42), (30, 42, 1)])
def test_grey_picture_stays_grey(networks: None, shape: tuple[int, ...]) -> None:
    picture = scene(30, 42, 1).reshape(shape)
    assert stage2.decode(coded(picture), threads=1).shape == (30, 42, 1)


def test_large_picture_is_painted_in_tiles(networks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    data = coded(scene(250, 331))
    whole = stage2.decode(data, threads=1).astype(int)
    small = painter.Layout(whole=0, tile=160, multiple=32, batch=1, fixed=False)
    monkeypatch.setattr(painter, "CPU", small)
    assert len(stage2._painter("auto", 1).plan(None, 250, 331).rows) > 1  # type: ignore[arg-type]
    tiled = stage2.decode(data, threads=1)
    assert tiled.shape == whole.shape
    assert np.abs(tiled - whole).mean() < 0.1


# ---- the file ----------------------------------------------------------------------------------
def test_file_is_a_stream_of_the_small_picture_and_what_it_shows() -> None:
    data = coded()
    small = ablc.decode(data, fill="classical")
    assert small.shape == (16, 24, 3)
    assert metrics.psnr(stage2.shrunk(WHOLE, 4), small) > 25
    section = _core.Stream(data).section("CLSS")
    assert section is not None
    assert assistance.parse_classes(section)[3] == 1
    assert coded(scene(62, 93))[0] == 0b1011  # two rows and three columns too many


def test_small_picture_has_the_means_of_boxes() -> None:
    picture = np.arange(5 * 8, dtype=np.uint8).reshape(5, 8, 1)
    small = stage2.shrunk(picture, 4)
    assert small.shape == (2, 2, 1)
    assert small[0, 0, 0] == round(picture[:4, :4].mean())
    assert small[1, 1, 0] == round(picture[4, 4:].mean())


def test_label_has_a_say(networks: None) -> None:
    first, second = (stage2.decode(coded(label=label), threads=1) for label in (3, 920))
    assert (first != second).any()
    without_classes = stage2.decode(ablc.encode(stage2.shrunk(WHOLE, 4), quality=60), threads=1)
    assert (first != without_classes).any()


def test_label_is_found_by_a_network(networks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def classes() -> npt.NDArray[np.float32]:
        section = _core.Stream(stage2.encode(WHOLE, quality=60, threads=1)).section("CLSS")
        assert section is not None
        return assistance.parse_classes(section)

    usual = classes()
    assert 1 <= np.count_nonzero(usual) <= 5
    monkeypatch.setattr(
        assistance_encoder, "PIXELS_MAX", 64 * 64
    )  # now the picture is too large for it
    assert 1 <= np.count_nonzero(classes()) <= 5


# ---- what is refused ---------------------------------------------------------------------------
@pytest.mark.parametrize("data", [coded(), coded(scene(33, 42))], ids=["plain", "with sides"])
def test_damaged_bytes_are_refused(data: bytes) -> None:
    for cut in range(0, len(data), 7):
        with pytest.raises(StreamError):
            stage2.decode(data[:cut])
    for place in range(1, len(data), 11):
        changed = bytearray(data)
        changed[place] ^= 0x40
        with pytest.raises(StreamError):
            stage2.decode(bytes(changed))


@pytest.mark.parametrize(
    "data",
    [b"", b"\x05", b"\x05\x05" + coded(), b"\x00" + coded(), b"\x10" + coded()],
    ids=["empty", "sides alone", "sides twice", "sides 0", "sides 16"],
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(StreamError):
        stage2.decode(data)


def test_streams_of_other_things_are_refused() -> None:
    damaged = _core.Stream(coded()).with_sections({"CLSS": b"\x01\xff\xff\xff"})
    with pytest.raises(StreamError, match="CLSS gives class 65535"):
        stage2.decode(damaged)
    with pytest.raises(StreamError, match="alpha"):
        stage2.decode(ablc.encode(scene(20, 20, 4), quality=50))


def test_more_pixels_than_allowed_are_refused(networks: None) -> None:
    data = coded(scene(33, 42))
    assert stage2.decode(data, max_pixels=33 * 42).shape == (33, 42, 3)
    with pytest.raises(LimitError, match="42x33 pixels exceeds the limit of 1385"):
        stage2.decode(data, max_pixels=33 * 42 - 1)
    with pytest.raises(LimitError):
        stage2.decode(data, max_pixels=50)


@pytest.mark.parametrize(
    ("picture", "options", "message"),
    [
        (scene(20, 20, 4), {}, "supports no transparency"),
        (scene(20, 20, 2), {}, "1, 3 or 4 channels, not 2"),
        (WHOLE.astype(float), {}, "uint8"),
        (WHOLE, {"quality": 0}, "quality"),
        (WHOLE, {"label": 1000}, "label must be a whole number in 0..999, not 1000"),
    ],
)
def test_wrong_arguments_are_refused(
    picture: Pixels, options: dict[str, int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        stage2.encode(picture, **({"quality": 50, "label": 0} | options))  # type: ignore[arg-type]


def test_missing_networks_are_named(networks: None, shipped: Path) -> None:
    with pytest.raises(ModelError, match="stage2-small"):
        stage2.decode(coded())
    with pytest.raises(ModelError, match="condition-small"):
        stage2.encode(WHOLE, quality=50)


def test_decoding_needs_onnx_runtime() -> None:
    stage2._painter.cache_clear()
    with pytest.raises(ProviderError, match="ONNX Runtime"):
        stage2.decode(coded())
