"""The second decoder decodes tensor codes and assistant information (docs/FORMAT.md)."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from ablc import _core
from ablc.runtime import assistance
from ablc.runtime.assistance import PictureGrid
from reference import assistant_information as information
from reference.assistant_information import Grid
from reference.errors import DamageError, OtherDecoderError, StreamError
from reference.range_coder import RangeDecoder
from reference.tensor_code import decode_tensor
from scenes import drawing

Bools = npt.NDArray[np.bool_]


@pytest.mark.parametrize("spread", [0.4, 3.0, 500.0])
@pytest.mark.parametrize("coded_share", [0.3, 1.0])
def test_tensor_code(spread: float, coded_share: float) -> None:
    rng = np.random.default_rng(1)
    coded = rng.random((11, 13)) < coded_share
    levels = np.rint(rng.laplace(0, spread, (3, 11, 13))).clip(-2047, 2047) * coded
    segment = _core.pack_tensor(levels.astype(np.int16), coded)
    decoder = RangeDecoder(segment)
    assert decode_tensor(decoder, 3, 11, 13, coded.tolist()) == levels.tolist()
    decoder.finish()


HEIGHT, WIDTH = 51, 75  # the grid has 64 rows and 96 columns
KEPT = np.add.outer(np.arange(7), np.arange(10)) < 7
FRAME = PictureGrid(HEIGHT, WIDTH, KEPT)
GRID = Grid(WIDTH, HEIGHT, KEPT.tolist())


def normal(*shape: int) -> npt.NDArray[np.float32]:
    """Return values with a spread of 1."""
    return np.random.default_rng(2).normal(0, 1, shape).astype(np.float32)


@pytest.mark.parametrize("kept", [KEPT, np.zeros_like(KEPT)])
def test_edges(kept: Bools) -> None:
    picture = (drawing(HEIGHT, WIDTH).transpose(2, 0, 1) / 255).astype(np.float32)
    padded = np.pad(picture, ((0, 0), (0, -HEIGHT % 32), (0, -WIDTH % 32)), mode="edge")
    body = assistance.pack_edges(padded, PictureGrid(HEIGHT, WIDTH, kept))
    edges = information.parse_edges(body, Grid(WIDTH, HEIGHT, kept.tolist()))
    values, pixels = assistance.parse_edges(body, PictureGrid(HEIGHT, WIDTH, kept))
    assert pixels.any()
    assert (np.array(edges.pixels) == pixels).all()
    assert np.allclose(edges.values, values[0])


def test_style() -> None:
    first, third = normal(4, 4), normal(6, 6)
    body = assistance.pack_style([first @ first.T, None, third @ third.T])
    expected = assistance.parse_style(body, (4, 5, 6))
    for matrix, values in zip(information.parse_style(body, (4, 5, 6)), expected, strict=True):
        if matrix is None or values is None:
            assert matrix is None
            assert values is None
        else:
            assert np.allclose(matrix, values)


def test_content_and_latent_code() -> None:
    content = assistance.pack_content(8 * normal(5, 4, 6), FRAME)
    values = information.parse_content(content, GRID, 5)
    assert np.any(values)
    assert np.allclose(values, assistance.parse_content(content, FRAME, 5))
    latent = assistance.pack_latent(normal(3, 4, 6), FRAME)
    values = information.parse_latent(latent, GRID, 3)
    assert np.any(values)
    assert np.allclose(values, assistance.parse_latent(latent, FRAME, 3))


def test_classes() -> None:
    shares = np.zeros(1000, np.float32)
    shares[[3, 999, 500]] = [0.5, 0.2, 0.1]
    body = assistance.pack_classes(shares)
    expected = assistance.parse_classes(body)
    classes = information.parse_classes(body)
    assert classes.keys() == {3, 500, 999}
    assert all(share == pytest.approx(expected[number]) for number, share in classes.items())


@pytest.mark.parametrize(
    ("parse", "body", "error"),
    [
        (information.parse_classes, b"\2", OtherDecoderError),
        (information.parse_classes, b"", DamageError),
        (information.parse_classes, b"\1\xe8\3\1", DamageError),
        (information.parse_classes, b"\1\1\0\1\1\0\1", DamageError),
        (information.parse_classes, b"\1\1\0", DamageError),
        (lambda body: information.parse_style(body, (4, 5, 6)), b"\1\x08", DamageError),
        (lambda body: information.parse_style(body, (4, 5, 6)), b"\1\0\0", DamageError),
        (lambda body: information.parse_edges(body, GRID), b"\3", OtherDecoderError),
        (lambda body: information.parse_edges(body, GRID), b"\1\x80\5", DamageError),
        (lambda body: information.parse_latent(body, GRID, 3), b"\1\4\0\x80", DamageError),
    ],
)
def test_damaged_assistant_information_is_refused(
    parse: Callable[[bytes], object], body: bytes, error: type[StreamError]
) -> None:
    with pytest.raises(error):
        parse(body)
