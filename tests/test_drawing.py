"""The drawings: coding maps, comparisons, their colours and their layout."""

import dataclasses
import math

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

import ablc
from ablc.arrays import Pixels
from ablc.drawing import colour_scale, compare_sheet, map_sheet, panels, prediction_modes
from ablc.drawing.compare_sheet import ComparedPicture, choose_windows, luma_error
from ablc.drawing.view import SIDE_MOST, View
from scenes import scene


def luma(colours: Pixels) -> npt.NDArray[np.float64]:
    return np.asarray(colours @ np.array([0.299, 0.587, 0.114]))


def half_textured() -> Pixels:
    """Return a picture, (256, 256, 3), flat grey on the left and noise on the right."""
    pixels = np.full((256, 256, 3), 128, np.uint8)
    pixels[:, 128:] = np.random.default_rng(2).integers(0, 256, (256, 128, 1))
    return pixels


def sheet_of(pixels: Pixels, **settings: object) -> Image.Image:
    """Return the map of a picture encoded with settings of ablc.encode."""
    data = ablc.encode(pixels, **settings)
    return map_sheet.make(ablc.coding_map(data), ablc.inspect(data), "photo.ablc")


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("settings", [{"quality": 40.0}, {"lossless": True}])
def test_bits_add_up_to_the_sections(channels: int, settings: dict[str, object]) -> None:
    data = ablc.encode(scene(150, 220, channels), **settings)
    coding = ablc.coding_map(data)
    coded = sum(part.length for part in ablc.inspect(data).sections if part.name != "HEAD")
    assert coding.bits.sum() / 8 == pytest.approx(coded, rel=0.03, abs=30)
    assert coding.bits.shape == (19, 28)
    assert (coding.image == ablc.decode(data)).all()


def test_bits_are_where_the_picture_is_hard() -> None:
    for settings in ({"quality": 50.0}, {"lossless": True}):
        bits = ablc.coding_map(ablc.encode(half_textured(), **settings)).bits
        assert bits[:, 17:].sum() > 20 * bits[:, :15].sum()


def test_every_tile_has_its_own_bits() -> None:
    data = ablc.encode(np.tile(scene(256, 256), (6, 8, 1)), quality=10)
    assert ablc.inspect(data).tiles == 12
    bits = ablc.coding_map(data).bits.reshape(3, 64, 4, 64).sum(axis=(1, 3))
    assert bits.max() < 1.5 * bits.min()


def test_the_map_agrees_with_the_mask_and_the_leaves(photo: Pixels) -> None:
    mask = np.ones((19, 28), np.bool_)
    mask[4:12, 4:12] = False
    data = ablc.encode(photo, mask=mask, quality=40)
    coding = ablc.coding_map(data)
    assert (coding.kept == mask).all()
    assert (coding.mode[~mask] == prediction_modes.PLANAR).all()
    for side, count in ablc.inspect(data).leaves.items():
        assert count * (side // 8) ** 2 >= (coding.side == side).sum()
        assert bool(count) == bool((coding.side == side).any())


def test_bits_per_pixel_know_the_border(photo: Pixels) -> None:
    coding = ablc.coding_map(ablc.encode(photo, quality=40))
    assert coding.pixels.sum() == 150 * 220
    assert coding.pixels[-1, -1] == 6 * 4
    assert (coding.bpp * coding.pixels).sum() == pytest.approx(coding.bits.sum(), rel=1e-4)


def test_lossless_regions_have_bits_and_are_told_of(photo: Pixels) -> None:
    region = ablc.Roi(ablc.Region(64, 32, 64, 64), float("inf"))
    coding = ablc.coding_map(ablc.encode(photo, quality=30, importance=[region]))
    inside = np.zeros(coding.bits.shape, np.bool_)
    inside[4:12, 8:16] = True
    assert coding.exact
    assert coding.bpp[inside].mean() > 3 * coding.bpp[~inside].mean()
    panel = map_sheet.kept_panel(coding, coding.image, View(150, 220, 1.0))
    assert "lossless, blurred or painted" in panel.detail
    assert not ablc.coding_map(ablc.encode(photo, quality=30)).exact


def test_no_map_of_what_is_no_sound_stream(photo: Pixels) -> None:
    data = ablc.encode(photo, quality=40)
    for wrong in (b"", b"nothing", data[:-1]):
        with pytest.raises(ablc.StreamError):
            ablc.coding_map(wrong)
    with pytest.raises(ablc.LimitError):
        ablc.coding_map(data, max_pixels=99)


@pytest.mark.parametrize("anchors", [colour_scale.GLOW])
def test_more_is_brighter(anchors: colour_scale.Anchors) -> None:
    scale = colour_scale.Scale(anchors, 0.0, 1.0, ((0.0, "0"),))
    steps = np.diff(luma(scale.colours(np.linspace(0, 1, 50))))
    assert (steps > 0).all()


def test_the_scale_of_bits_spans_them_and_carries_numbers() -> None:
    bpp = np.geomspace(0.03, 3, 200).astype(np.float32)
    scale = colour_scale.bits_scale(bpp)
    assert scale.low <= 0.04
    assert scale.high == 5
    assert [text for _, text in scale.ticks][-3:] == ["1", "2", "5"]
    assert colour_scale.bits_scale(np.zeros(1, np.float32)).low > 0


def test_the_bar_shows_the_scale_and_its_numbers() -> None:
    scale = colour_scale.error_scale(np.full((4, 4), 30, np.float32))
    assert scale.high == 32
    bar = np.asarray(scale.bar(400, 15))
    assert bar.shape[1] == 400
    assert (bar[0] == scale.colours(np.linspace(0, 32, 400))).all()
    assert (bar[-10:] != panels.PAPER).any()


def test_the_heat_map_is_brighter_where_bits_are() -> None:
    coding = ablc.coding_map(ablc.encode(half_textured(), quality=50))
    view = View.of(256, 256)
    plain = np.full((view.height, view.width, 3), 128, np.uint8)
    shown = luma(map_sheet.bits_panel(coding, plain, view).pixels)
    half = view.width // 2
    assert shown[:, half + 40 :].mean() > 3 * shown[:, : half - 40].mean()


def test_dropped_cells_are_flat_but_for_borders(photo: Pixels) -> None:
    mask = np.ones((19, 28), np.bool_)
    mask[4:12, 4:12] = False
    coding = ablc.coding_map(ablc.encode(photo, mask=mask, quality=40))
    view = View.of(150, 220)
    zoom, picture = round(view.scale), view.picture(coding.image)
    for panel in (
        map_sheet.kept_panel(coding, picture, view),
        map_sheet.modes_panel(coding, picture, view),
    ):
        inside = panel.pixels[32 * zoom : 96 * zoom, 32 * zoom : 96 * zoom]
        flat = (inside == panels.ABLATED).all(axis=2)
        assert flat.mean() > 0.6
        assert len(np.unique(inside.reshape(-1, 3), axis=0)) <= 2
        outside = panel.pixels[: 32 * zoom]
        assert not (outside == panels.ABLATED).all(axis=2).any()


def test_every_block_has_its_border() -> None:
    coding = ablc.coding_map(ablc.encode(scene(64, 64), quality=30))
    coding = dataclasses.replace(coding, side=np.full((8, 8), 32, np.uint8))
    view = View(64, 64, 1.0)
    shown = map_sheet.kept_panel(coding, np.zeros((64, 64, 3), np.uint8), view).pixels
    lines = (shown != 0).all(axis=2) & (shown != panels.ABLATED).any(axis=2)
    expected = np.zeros((64, 64), np.bool_)
    expected[32] = expected[:, 32] = True
    assert (lines == expected).all()


@pytest.mark.parametrize(
    ("direction", "degrees"), [(23, 90), (7, 0), (31, 45), (15, 135), (16, 129), (0, 39)]
)
def test_angles_are_those_of_the_prediction(direction: int, degrees: int) -> None:
    assert math.degrees(prediction_modes.angle(direction)) == pytest.approx(degrees, abs=0.5)


def test_modes_have_colours_and_strokes() -> None:
    mode = np.array([[0, 1, 25, 9]], np.uint8)
    kept = np.ones((1, 4), np.bool_)
    assert len(np.unique(prediction_modes.colours(mode, kept).reshape(-1, 3), axis=0)) == 4
    upright, level = prediction_modes.strokes(mode, np.full((1, 4), 8, np.uint8), kept)
    assert upright[0] == pytest.approx(upright[2])
    assert level[1] == pytest.approx(level[3])
    whole = np.full((2, 2), 9, np.uint8), np.full((2, 2), 16, np.uint8), np.ones((2, 2), np.bool_)
    assert len(prediction_modes.strokes(*whole)) == 1


def test_step_offsets_are_drawn_where_there_are_any(photo: Pixels) -> None:
    coding = ablc.coding_map(ablc.encode(photo, quality=40))
    coding = dataclasses.replace(coding, offset=np.full((19, 28), 4, np.int8))
    coding.offset[:, :14] = -4
    view = View.of(150, 220)
    grey = np.full((view.height, view.width, 3), 128, np.uint8)
    shown = map_sheet.offset_panel(coding, grey, view).pixels
    assert (shown[:, 10] == colour_scale.BALANCE[0]).all()
    assert (shown[:, -10] == colour_scale.BALANCE[-1]).all()


@pytest.mark.parametrize(
    ("height", "width", "channels"),
    [(1, 1, 3), (16, 16, 3), (150, 220, 1), (220, 150, 4), (1, 900, 3), (2000, 3, 1)],
)
@pytest.mark.parametrize("settings", [{"quality": 30.0}, {"lossless": True}])
def test_any_picture_can_be_drawn(
    height: int, width: int, channels: int, settings: dict[str, object]
) -> None:
    pixels = scene(height, width, channels)
    data = ablc.encode(pixels, **settings)
    info, coding = ablc.inspect(data), ablc.coding_map(data)
    drawn = map_sheet.make(coding, info, "photo.ablc")
    sides = (
        ComparedPicture("a", "", pixels),
        ComparedPicture("b", "", coding.image, None if info.lossless else coding),
    )
    compared = compare_sheet.make(*sides)
    for sheet in (drawn, compared):
        assert sheet.mode == "RGB"
        assert min(sheet.size) > 80
        assert max(sheet.size) < 5 * SIDE_MOST


def test_lossless_streams_have_fewer_panels(photo: Pixels) -> None:
    lossy, lossless = sheet_of(photo, quality=40.0), sheet_of(photo, lossless=True)
    assert lossy.width == lossless.width
    assert lossy.height > 1.8 * lossless.height


def test_large_pictures_are_drawn_smaller() -> None:
    view = View.of(4000, 6000)
    assert (view.height, view.width) == (round(4000 * SIDE_MOST / 6000), SIDE_MOST)
    cells = np.arange(500 * 750).reshape(500, 750)
    shown = view.cells(cells)
    assert shown.shape == (view.height, view.width)
    assert (shown[0, 0], shown[-1, -1]) == (0, cells[-1, -1])
    assert view.picture(np.full((4000, 6000, 1), 9, np.uint8)).max() == 9


def test_windows_are_where_the_pictures_differ_and_do_not_overlap() -> None:
    error = np.zeros((300, 400), np.uint8)
    error[40:60, 40:60], error[200:220, 300:320] = 200, 90
    windows = choose_windows(error, None, 64)
    boxes = [window.region for window in windows]
    assert len(boxes) == 2
    assert boxes[0].x <= 40 < 60 <= boxes[0].x + 64
    assert boxes[1].x <= 300 < 320 <= boxes[1].x + 64
    crowd = choose_windows(np.full((300, 400), 9, np.uint8), None, 64)
    shown = np.zeros((300, 400), np.int64)
    for window in crowd:
        shown[window.region.slices] += 1
    assert len(crowd) == 3
    assert shown.max() == 1
    assert choose_windows(error[:50, :50], None, 64) == []


def test_one_window_is_where_the_bits_are() -> None:
    pixels = half_textured()
    coding = ablc.coding_map(ablc.encode(pixels, quality=50))
    error = np.zeros((256, 256), np.uint8)
    error[:, :40] = 50
    places = {window.why: window.region.x for window in choose_windows(error, coding, 64)}
    assert places["most bits"] >= 120
    assert places["largest error"] < 40


def test_the_error_is_that_of_the_luma_on_white_paper() -> None:
    first = np.full((4, 4, 4), 0, np.uint8)  # transparent
    second = np.full((4, 4, 1), 255, np.uint8)
    assert (luma_error(first, second) == 0).all()
    first[..., 3] = 255
    assert (luma_error(first, second) == 255).all()


def test_a_zoom_shows_both_pictures_enlarged(photo: Pixels) -> None:
    window = compare_sheet.EnlargedWindow(ablc.Region(8, 16, 40, 40), "most bits")
    other = 255 - photo
    shown = compare_sheet.zoom_panel(
        1, window, ComparedPicture("a", "", photo), ComparedPicture("b", "", other), 3
    )
    assert shown.pixels.shape == (120, 240 + compare_sheet.SEAM, 3)
    assert (shown.pixels[1::3, 1:120:3] == photo[16:56, 8:48]).all()
    assert (shown.pixels[1::3, -119::3] == other[16:56, 8:48]).all()
