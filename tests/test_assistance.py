"""Assistant information: what comes back, how exactly, and what contradicts the picture."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ablc
from ablc import _core
from ablc.arrays import Floats
from ablc.runtime import assistance, edges, section_body
from ablc.runtime.assistance import PictureGrid
from scenes import drawing, scene

HEIGHT, WIDTH = 100, 150  # sides of the grid: 128, 160
CHANNELS, LATENT = (6, 8, 12), 5
EIGHTH_OCTAVE = 2 ** (1 / 16)  # a step is that near to what was asked for


def frame() -> PictureGrid:
    """The left and the upper part is kept."""
    kept = np.zeros((13, 19), np.bool_)
    kept[:5] = kept[:, :9] = True
    return PictureGrid(HEIGHT, WIDTH, kept)


def grid(picture: npt.NDArray[np.uint8]) -> Floats:
    """(3, H, W) 0..1."""
    height, width, _ = picture.shape
    padded = np.pad(picture, ((0, -height % 32), (0, -width % 32), (0, 0)), mode="edge")
    return padded.transpose(2, 0, 1).astype(np.float32) / 255


def normal(*shape: int, scale: float = 1.0) -> Floats:
    return np.random.default_rng(1).normal(0, scale, shape).astype(np.float32)


def gram(channels: int) -> Floats:
    features = normal(channels, 300) + np.float32(0.3)
    return features @ features.T / (channels * 300)


# ---- the frame ---------------------------------------------------------------------------------
def test_frame() -> None:
    result = frame()
    assert result.sides == (128, 160)
    pixels = result.dropped_pixels
    assert pixels.shape == (128, 160)
    assert not pixels[:40].any()
    assert not pixels[:, :72].any()
    assert pixels[40:100, 72:150].all()
    assert not pixels[100:].any()
    assert not pixels[:, 150:].any()
    assert np.argwhere(result.touched_positions).min(0).tolist() == [2, 4]
    assert np.argwhere(result.dropped_positions).min(0).tolist() == [3, 5]
    assert np.argwhere(result.dropped_positions).max(0).tolist() == [6, 9]  # where the picture ends


def test_frame_wants_the_cells_of_the_picture() -> None:
    with pytest.raises(ValueError, match=r"kept must be \(13, 19\) bool, not \(13, 18\)"):
        PictureGrid(HEIGHT, WIDTH, np.zeros((13, 18), np.bool_))


# ---- each section ------------------------------------------------------------------------------
@pytest.mark.parametrize("share", [1 / 64, 1 / 8])
def test_edges(share: float) -> None:
    picture = grid(drawing(HEIGHT, WIDTH))
    body = assistance.pack_edges(picture, frame(), share=share, step=1 / 32)
    targets, chosen = assistance.parse_edges(body, frame())
    dropped = frame().dropped_pixels
    assert targets.shape == (3, 128, 160)
    assert not (chosen & ~dropped).any()
    assert 0.5 * share < chosen.sum() / dropped.sum() <= share
    expected = edges.laplacian_of_gaussian(edges.luma(picture)[None])[0]
    assert np.abs(targets - expected)[:, chosen].max() <= EIGHTH_OCTAVE / 64
    assert not targets[:, ~chosen].any()
    assert len(body) < 1.2 * chosen.sum()


def test_edges_take_the_smaller_code_of_their_places() -> None:
    picture = grid(drawing(HEIGHT, WIDTH))
    few = np.ones((13, 19), np.bool_)
    few[6:12:2, 3:16:2] = False
    none = np.zeros((13, 19), np.bool_)
    kinds = [
        assistance.pack_edges(picture, PictureGrid(HEIGHT, WIDTH, kept))[0] for kept in (few, none)
    ]
    assert kinds == [assistance.PLAIN, assistance.MASKED]
    for kept in (few, none):
        body = assistance.pack_edges(picture, PictureGrid(HEIGHT, WIDTH, kept))
        assert assistance.parse_edges(body, PictureGrid(HEIGHT, WIDTH, kept))[1].any()


def test_without_dropped_cells_there_are_no_edges() -> None:
    whole = PictureGrid(HEIGHT, WIDTH, np.ones((13, 19), np.bool_))
    body = assistance.pack_edges(grid(scene(HEIGHT, WIDTH)), whole)
    assert not assistance.parse_edges(body, whole)[1].any()
    assert len(body) <= 4


@pytest.mark.parametrize("present", [(True, True, True), (True, True), (False, True, False), ()])
def test_style(present: tuple[bool, ...]) -> None:
    grams = [gram(n) if there else None for n, there in zip(CHANNELS, present, strict=False)]
    result = assistance.parse_style(assistance.pack_style(grams, step=1 / 16), CHANNELS)
    assert len(result) == 3
    for expected, got in zip(grams + [None] * (3 - len(grams)), result, strict=True):
        if expected is None:
            assert got is None
            continue
        assert got is not None
        assert np.array_equal(got, got.T)
        rms = np.sqrt(np.mean(np.diag(expected) ** 2))
        assert np.abs(got - expected).max() <= EIGHTH_OCTAVE * rms / 32 * 1.001


@pytest.mark.parametrize("step", [0.25, 2.0])
def test_content_holds_where_the_picture_is_dropped(step: float) -> None:
    expected = normal(12, 8, 10, scale=3)
    result = assistance.parse_content(assistance.pack_content(expected, frame(), step), frame(), 12)
    places = frame().dropped_positions
    assert np.abs(result - expected)[:, places].max() <= 0.6 * step * EIGHTH_OCTAVE
    assert not result[:, ~places].any()


def test_latent_holds_where_any_of_the_picture_is_dropped() -> None:
    expected = normal(LATENT, 8, 10)
    result = assistance.parse_latent(
        assistance.pack_latent(expected, frame(), 0.5), frame(), LATENT
    )
    places = frame().touched_positions
    assert np.abs(result - expected)[:, places].max() <= 0.3
    assert not result[:, ~places].any()


def test_classes() -> None:
    shares = np.zeros(1000, np.float32)
    shares[[3, 999, 500, 7, 8, 9]] = [0.5, 0.2, 0.1, 0.1, 0.06, 0.04]
    body = assistance.pack_classes(shares)
    result = assistance.parse_classes(body)
    assert len(body) == 1 + 3 * 5
    assert set(np.flatnonzero(result)) == {3, 7, 8, 500, 999}
    assert np.abs(result - shares)[[3, 999, 500, 7, 8]].max() <= 0.5 / 255 + 1e-6


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=7))
def test_classes_never_add_up_to_more_than_1(values: list[float]) -> None:
    shares = np.zeros(1000, np.float32)
    shares[10 : 10 + len(values)] = np.array(values, np.float32) / max(sum(values), 1)
    result = assistance.parse_classes(assistance.pack_classes(shares))
    assert result.sum() <= 1 + 1e-5
    assert np.abs(result - shares)[result > 0].max(initial=0) <= 3 / 255


# ---- steps -------------------------------------------------------------------------------------
@given(st.floats(2.0**-15, 2.0**15))
def test_steps_are_met_within_a_sixteenth_octave(step: float) -> None:
    result = float(section_body.step_of(section_body.step_code(step)))
    assert abs(np.log2(result / step)) <= 1 / 16 + 1e-6


def test_levels_are_limited() -> None:
    result = section_body.quantise(
        np.array([1e9, -1e9, 0.5, -0.5, 0.0], np.float32), np.float32(1), 0.4
    )
    assert result.tolist() == [2047, -2047, 0, 0, 0]


# ---- damage ------------------------------------------------------------------------------------
SHARES = np.eye(1, 1000, 30, dtype=np.float32)[0] / 2
PARSERS: dict[str, tuple[bytes, Callable[[bytes], object]]] = {
    "EDGE": (
        assistance.pack_edges(grid(drawing(HEIGHT, WIDTH)), frame()),
        lambda body: assistance.parse_edges(body, frame()),
    ),
    "STYL": (
        assistance.pack_style([gram(n) for n in CHANNELS]),
        lambda body: assistance.parse_style(body, CHANNELS),
    ),
    "CONT": (
        assistance.pack_content(normal(12, 8, 10, scale=3), frame()),
        lambda body: assistance.parse_content(body, frame(), 12),
    ),
    "LATN": (
        assistance.pack_latent(normal(LATENT, 8, 10), frame()),
        lambda body: assistance.parse_latent(body, frame(), LATENT),
    ),
    "CLSS": (assistance.pack_classes(SHARES), assistance.parse_classes),
}


@pytest.mark.parametrize("name", PARSERS)
@given(st.data())
def test_damage_is_a_stream_error_that_names_the_section_or_finite(
    name: str, draw: st.DataObject
) -> None:
    body, parse = PARSERS[name]
    kind = draw.draw(st.sampled_from(["any", "prefix", "changed"]))
    if kind == "any":
        damaged = draw.draw(st.binary(max_size=60))
    elif kind == "prefix":
        damaged = body[: draw.draw(st.integers(0, len(body) - 1))]
    else:
        place = draw.draw(st.integers(0, len(body) - 1))
        damaged = body[:place] + draw.draw(st.binary(min_size=1, max_size=1)) + body[place + 1 :]
    try:
        result = parse(damaged)
    except ablc.StreamError as error:
        assert f"section {name}" in str(error)  # noqa: PT017
    else:
        arrays = result if isinstance(result, tuple) else (result,)
        assert all(np.isfinite(a).all() for a in arrays if a is not None)


@pytest.mark.parametrize("name", PARSERS)
def test_another_kind_needs_a_newer_decoder(name: str) -> None:
    body, parse = PARSERS[name]
    with pytest.raises(ablc.StreamError, match=f"section {name} needs a newer decoder: .* kind 9"):
        parse(b"\x09" + body[1:])


def test_edges_outside_the_dropped_cells_are_refused() -> None:
    everywhere = PictureGrid(HEIGHT, WIDTH, np.zeros((13, 19), np.bool_))
    body = assistance.pack_edges(grid(drawing(HEIGHT, WIDTH)), everywhere)
    assert body[0] == assistance.MASKED
    with pytest.raises(ablc.StreamError, match="section EDGE names a pixel outside the dropped"):
        assistance.parse_edges(body, frame())


def test_edges_marked_by_other_numbers_are_refused() -> None:
    marks = frame().dropped_pixels[None].astype(np.int16) * np.int16(2)
    places = _core.pack_tensor(marks, frame().dropped_pixels)
    body = bytes([assistance.PLAIN, 128]) + section_body.varint(len(places)) + places
    with pytest.raises(ablc.StreamError, match="section EDGE marks a pixel with a number other"):
        assistance.parse_edges(body, frame())


def test_other_networks_are_refused() -> None:
    with pytest.raises(ablc.StreamError, match="section LATN is for 5 channels, the network has 6"):
        assistance.parse_latent(PARSERS["LATN"][0], frame(), 6)
    with pytest.raises(ablc.StreamError, match="section STYL is for 8 channels, the network has 9"):
        assistance.parse_style(PARSERS["STYL"][0], (6, 9, 12))


def test_style_refuses_a_fourth_matrix_and_bytes_after_its_end() -> None:
    with pytest.raises(ablc.StreamError, match="section STYL holds matrices 0x8"):
        assistance.parse_style(b"\x01\x08", CHANNELS)
    with pytest.raises(ablc.StreamError, match="section STYL is too long: 1 bytes left"):
        assistance.parse_style(PARSERS["STYL"][0] + b"\0", CHANNELS)


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ("e803ff", "gives class 1000 a share of 255/255"),
        ("010000", "gives class 1 a share of 0/255"),
        ("010010010010", "gives class 1 a share"),
        ("010080020080", "has shares of 256/255 together"),
        ("0100", r"has 3 bytes, expected 1 \+ 3 n"),
        ("010001" * 6, r"has 19 bytes, expected 1 \+ 3 n"),
    ],
)
def test_classes_that_contradict_themselves_are_refused(pairs: str, message: str) -> None:
    with pytest.raises(ablc.StreamError, match=f"section CLSS {message}"):
        assistance.parse_classes(b"\x01" + bytes.fromhex(pairs))


@pytest.mark.parametrize(
    ("pack", "message"),
    [
        (lambda: assistance.pack_edges(normal(3, 8, 8), frame()), r"picture must be \(3, H, W\)"),
        (lambda: assistance.pack_style([normal(2, 3)]), r"a Gram matrix must be \(N, N\)"),
        (lambda: assistance.pack_style([None] * 4), "at most 3 Gram matrices, not 4"),
        (lambda: assistance.pack_latent(normal(5, 8, 9), frame()), "a correction must be"),
        (lambda: assistance.pack_content(normal(5, 8, 10) * np.nan, frame()), "finite"),
        (lambda: assistance.pack_classes(np.ones(1000, np.float32)), "together at most 1"),
    ],
)
def test_arguments(pack: Callable[[], bytes], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pack()


# ---- in a stream -------------------------------------------------------------------------------
def test_a_stream_with_all_sections() -> None:
    image = scene(HEIGHT, WIDTH)
    plain = ablc.encode(image, quality=25, mask=frame().kept, icc=b"profile")
    added = {name: body for name, (body, _) in PARSERS.items()}
    data = _core.Stream(plain).with_sections(added)
    assert (ablc.decode(data, fill="classical") == ablc.decode(plain, fill="classical")).all()
    names = [section.name for section in ablc.inspect(data).sections]
    assert names == ["HEAD", "ICCP", "MASK", "BLKS", "EDGE", "STYL", "CONT", "LATN", "CLSS"]
    assert data[15 : len(plain)] == plain[15:]  # a prefix still holds the picture
    kept = ablc.keep_mask(data)
    result = assistance.parse(
        _core.Stream(data), PictureGrid(HEIGHT, WIDTH, kept), CHANNELS, LATENT
    )
    assert result.edge_mask is not None
    assert result.edge_mask.any()
    assert result.grams is not None
    assert all(matrix is not None for matrix in result.grams)
    assert result.content is not None
    assert result.latent is not None
    assert result.classes is not None
    assert np.array_equal(result.content_mask, frame().dropped_positions)


def test_a_stream_without_any() -> None:
    stream = _core.Stream(ablc.encode(scene(HEIGHT, WIDTH)))
    result = assistance.parse(stream, frame(), CHANNELS, LATENT)
    parts = (result.edges, result.edge_mask, result.grams, result.content, result.content_mask)
    assert all(part is None for part in (*parts, result.latent, result.classes))
