"""Finders of regions: faces, text, saliency, their combination, and plug-ins."""

from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

import ablc
from ablc import finders, pictures
from ablc.finders import cascades, combined, lettering, reduced, registry

needs_opencv = pytest.mark.skipif(reduced.opencv() is None, reason="text needs OpenCV")
needs_cascades = pytest.mark.skipif(
    not cascades.can_find_faces(), reason="faces need OpenCV 4, with its cascades"
)


def odd_one_out() -> np.ndarray:
    """A picture (240, 320, 3) of noise with one red disc."""
    picture = np.random.default_rng(5).integers(100, 130, (240, 320, 3), np.uint8)
    disc = np.hypot(*np.ogrid[-90:150, -220:100]) < 30
    picture[disc] = (200, 30, 30)
    return picture


def test_saliency_finds_what_stands_out() -> None:
    share = finders.saliency(odd_one_out())
    assert share.shape == (240, 320)
    assert 0 <= share.min() <= share.max() <= 1
    disc = np.hypot(*np.ogrid[-90:150, -220:100]) < 30
    assert share[disc].mean() > 0.6
    assert share[disc].mean() > 5 * share[~disc].mean()


@pytest.mark.parametrize("shape", [(1, 1, 1), (8, 300, 3), (300, 8, 4)])
def test_saliency_takes_any_picture(shape: tuple[int, int, int]) -> None:
    share = finders.saliency(np.full(shape, 90, np.uint8))
    assert share.shape == shape[:2]
    assert np.isfinite(share).all()


def test_saliency_prefers_a_textured_object_to_the_wall_behind_it() -> None:
    rng = np.random.default_rng(3)
    picture = np.full((400, 600, 3), (196, 190, 180), np.uint8)
    picture[:, :300] -= 12  # a wall with a corner in it
    place = np.s_[150:300, 330:450]
    picture[place] = rng.integers(20, 160, (150, 120, 3), np.uint8)
    share = finders.saliency(picture)
    inside = np.zeros(share.shape, bool)
    inside[place] = True
    assert share[inside].mean() > 0.8
    assert share[~inside].mean() < 0.15


def test_saliency_finds_a_sharp_object_before_a_blurred_copy_of_it() -> None:
    sharp = np.random.default_rng(4).integers(0, 255, (96, 96), np.uint8)
    blurred = np.asarray(
        Image.fromarray(sharp).resize((6, 6), Image.Resampling.BOX).resize((96, 96))
    )
    picture = np.full((300, 400, 1), 128, np.uint8)
    picture[100:196, 60:156, 0] = blurred
    picture[100:196, 244:340, 0] = sharp
    share = finders.saliency(picture)
    assert share[100:196, 244:340].mean() > 2 * share[100:196, 60:156].mean()


def test_nothing_stands_out_of_texture() -> None:
    texture = np.random.default_rng(6).integers(0, 255, (320, 480, 3), np.uint8)
    assert not finders.saliency(texture).any()


def test_an_empty_region_of_a_finder_changes_nothing(photo: np.ndarray) -> None:
    def nothing(pixels: np.ndarray) -> np.ndarray:
        return np.zeros(pixels.shape[:2], bool)

    for weight in (16, 0.5):
        with_region = ablc.encode(photo, bpp=0.5, importance=ablc.Roi(nothing, weight))
        assert with_region == ablc.encode(photo, bpp=0.5)
    with pytest.warns(UserWarning, match="the lossless region is empty: it makes no pixel exact"):
        lossless = ablc.encode(photo, bpp=0.5, importance=ablc.Roi(nothing, np.inf))
    assert lossless == with_region


def test_a_lossless_region_of_a_mask_without_full_shares_is_named(photo: np.ndarray) -> None:
    faint = np.full(photo.shape[:2], 0.4, np.float32)
    rois = [ablc.Roi((0, 0, 8, 8), np.inf), ablc.Roi(faint, np.inf)]
    with pytest.warns(UserWarning, match="is empty") as warned:
        ablc.encode(photo, importance=rois)
    assert len(warned) == 1


def lettered(lines: list[str], size: int = 28) -> tuple[np.ndarray, np.ndarray]:
    """A picture (480, 640, 3) of text on a plain ground, and (480, 640) flags of its lines."""
    picture = Image.new("RGB", (640, 480), (214, 208, 190))
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size)
    inside = np.zeros((480, 640), bool)
    for number, line in enumerate(lines):
        at = (90, 120 + 2 * size * number)
        draw.text(at, line, (40, 40, 70), font)
        left, top, right, bottom = map(int, draw.textbbox(at, line, font))
        inside[top:bottom, left:right] = True
    return np.array(picture), inside


@needs_opencv
@pytest.mark.parametrize("bright", [False, True])
@pytest.mark.parametrize("scale", [1, 3])
def test_rows_of_letters_are_text(bright: bool, scale: int) -> None:
    picture, inside = lettered(["Harbour office", "closed on Sundays", "MOORINGS 12-45"])
    picture = np.where(bright, 255 - picture, picture).repeat(scale, 0).repeat(scale, 1)
    inside = inside.repeat(scale, 0).repeat(scale, 1)
    mask = finders.text(picture)
    assert mask[inside].mean() > 0.95
    assert mask.sum() < 2.5 * inside.sum()


@needs_opencv
def test_bricks_bars_and_noise_are_no_text() -> None:
    bricks = np.full((300, 400, 3), 190, np.uint8)
    for row in range(15):
        for column in range(-1, 12):
            left = 36 * column + 18 * (row % 2)
            bricks[20 * row : 20 * row + 17, max(left, 0) : max(left + 33, 0)] = (150, 70, 50)
    bars = np.full((300, 400, 3), 200, np.uint8)
    bars[100:160, 20:380:14] = bars[100:160, 21:380:14] = bars[100:160, 22:380:14] = 20
    noise = np.random.default_rng(7).integers(0, 255, (300, 400, 3), np.uint8)
    for picture in (bricks, bars, noise):
        assert not finders.text(picture).any()


@needs_opencv
@pytest.mark.parametrize("shape", [(1, 1, 1), (8, 300, 3), (300, 8, 4)])
def test_text_and_auto_take_any_picture(shape: tuple[int, int, int]) -> None:
    picture = np.full(shape, 90, np.uint8)
    assert finders.text(picture).shape == finders.auto(picture).shape == shape[:2]


@needs_cascades
@pytest.mark.parametrize("shape", [(1, 1, 1), (8, 300, 3), (300, 8, 4)])
def test_faces_takes_any_picture(shape: tuple[int, int, int]) -> None:
    assert not finders.faces(np.full(shape, 90, np.uint8)).any()


# Faces of the Kodak set: left, top, width, height
FACES = {4: (110, 180, 290, 370), 15: (370, 20, 350, 410), 18: (254, 160, 60, 84)}


@needs_cascades
@pytest.mark.parametrize("number", FACES)
def test_faces_of_photographs(number: int, kodak: Path) -> None:
    picture = pictures.parse((kodak / f"kodim{number:02}.png").read_bytes()).pixels
    for finder in (finders.faces, finders.auto):
        mask = finder(picture).astype(bool)
        inside = np.zeros(mask.shape, bool)
        inside[ablc.Region(*FACES[number]).slices] = True
        assert mask[inside].mean() > 0.8
        assert mask.sum() < 1.6 * inside.sum()


@needs_cascades
@pytest.mark.parametrize("number", [5, 8, 13, 20])
def test_photographs_without_faces(number: int, kodak: Path) -> None:
    picture = pictures.parse((kodak / f"kodim{number:02}.png").read_bytes()).pixels
    assert not finders.faces(picture).any()


@needs_cascades
def test_regions_by_auto_improve_a_face(kodak: Path) -> None:
    picture = pictures.parse((kodak / "kodim15.png").read_bytes()).pixels
    face = ablc.Region(*FACES[15]).slices
    errors = [
        np.square(ablc.decode(data)[face] - picture[face].astype(float)).mean()
        for data in (
            ablc.encode(picture, bpp=0.15),
            ablc.encode(picture, bpp=0.15, importance=ablc.Roi("auto")),
        )
    ]
    assert errors[1] < 0.8 * errors[0]


def test_auto_prefers_faces_and_text_and_mistrusts_saliency(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    picture = odd_one_out()
    face, sign = (np.zeros((240, 320), bool) for _ in range(2))
    face[20:80, 30:90] = True
    monkeypatch.setattr(combined, "can_find_faces", lambda: True)
    monkeypatch.setattr(combined, "opencv", lambda: object())
    monkeypatch.setattr(combined, "faces", lambda _: face.copy())
    monkeypatch.setattr(combined, "text", lambda _: sign)
    sign[200:220, 10:200] = True
    assert (finders.auto(picture) == face | sign).all()
    face[:] = False
    assert (finders.auto(picture) == sign).all()
    sign[210:] = False  # now it is small
    half = 0.5 * finders.saliency(picture)
    assert (finders.auto(picture) == np.maximum(sign, half)).all()
    face[:100] = True
    assert not finders.auto(picture).any()  # more than 40 % of the picture gains nothing


def test_without_opencv_auto_is_of_what_is_salient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (combined, cascades, lettering):
        monkeypatch.setattr(module, "opencv", lambda: None)
    picture = odd_one_out()
    assert (finders.find("auto", picture) == 0.5 * finders.saliency(picture)).all()
    with pytest.raises(ablc.FinderError, match=r"^the finder faces needs OpenCV 4: pip install"):
        ablc.encode(picture, importance=ablc.Roi("faces"))
    with pytest.raises(ablc.FinderError, match=r"^the finder text needs OpenCV: .*ablc\[schemes\]"):
        ablc.encode(picture, importance=ablc.Roi("text"))


def test_opencv_without_cascades_leaves_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cascades, "opencv", lambda: object())  # as OpenCV 5 is
    assert not cascades.can_find_faces()
    with pytest.raises(ablc.FinderError, match="needs OpenCV 4"):
        finders.find("faces", odd_one_out())


def found_by_plugin(pixels: np.ndarray) -> np.ndarray:
    return pixels[:, :, 0] > 150


def breaks(_: np.ndarray) -> np.ndarray:
    raise OSError("model file is missing")


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entry points like those of an installed package."""
    points = [
        EntryPoint("red", f"{__name__}:found_by_plugin", finders.GROUP),
        EntryPoint("broken", f"{__name__}:breaks", finders.GROUP),
        EntryPoint("gone", "no_such_package:find", finders.GROUP),
    ]
    targets = {"red": found_by_plugin, "broken": breaks}
    monkeypatch.setattr(registry, "_plugins", lambda: points)
    load = EntryPoint.load
    monkeypatch.setattr(EntryPoint, "load", lambda self: targets.get(self.name) or load(self))


@pytest.mark.usefixtures("plugins")
def test_plugins_are_found_by_name() -> None:
    assert finders.names() == ["auto", "broken", "faces", "gone", "red", "saliency", "text"]
    picture = odd_one_out()
    assert (finders.find("red", picture) == found_by_plugin(picture)).all()
    by_name = ablc.encode(picture, quality=20, importance=ablc.Roi("red"))
    assert by_name == ablc.encode(
        picture, quality=20, importance=ablc.Roi(found_by_plugin(picture))
    )


@pytest.mark.usefixtures("plugins")
def test_plugins_that_fail_are_named() -> None:
    with pytest.raises(ablc.FinderError, match=r"broken \(.*:breaks\) failed: OSError: model file"):
        ablc.encode(odd_one_out(), importance=ablc.Roi("broken"))
    with pytest.raises(ablc.FinderError, match=r"gone \(no_such_package:find\) cannot be loaded"):
        ablc.encode(odd_one_out(), importance=ablc.Roi("gone"))


def test_names_that_nobody_has_are_refused() -> None:
    with pytest.raises(
        ValueError, match="no finder is called 'cats': expected one of auto, faces, saliency, text"
    ):
        ablc.encode(odd_one_out(), importance=ablc.Roi("cats"))
