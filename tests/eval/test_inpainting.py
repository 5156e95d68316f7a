"""The systems that the paper builds on: diffusion from known pixels; edges, texture in blocks."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import ablc
from ablc import _core, metrics
from ablc.eval.paper import diffusion
from ablc.eval.paper import edge_enhancing as module
from ablc.eval.paper.diffusion import homogeneous
from ablc.eval.paper.edge_enhancing import edge_enhancing
from ablc.eval.paper.fills import FILLS, edges_in, paint
from ablc.eval.paper.structure import grown, inpaint
from ablc.schemes import Scheme
from scenes import scene

pytest.importorskip("pyamg", reason="needs the extra [eval]")


def some(height: int, width: int, share: float, seed: int = 0) -> np.ndarray:
    """Return flags, (height, width), of random pixels, at least one."""
    mask = np.random.default_rng(seed).random((height, width)) < share
    mask[height // 2, width // 2] = True
    return mask


def step_edge() -> np.ndarray:
    """Return a picture, (96, 128, 3), of two flat halves with an oblique edge between them."""
    y, x = np.mgrid[:96, :128]
    picture = np.full((96, 128, 3), (40, 60, 90), np.uint8)
    picture[x > 40 + y / 2] = (200, 180, 160)
    return picture


def holes(rows: int, columns: int) -> np.ndarray:
    """Return flags of cells, (rows, columns), about 30 % of them dropped."""
    return np.random.default_rng(5).random((rows, columns)) > 0.3


# ---- diffusion ---------------------------------------------------------------------------------
@pytest.mark.parametrize("fill", [homogeneous, edge_enhancing])
@pytest.mark.parametrize(
    "shape", [(1, 1, 3), (1, 40, 1), (40, 1, 3), (2, 2, 1), (9, 70, 3), (61, 47, 1)]
)
def test_known_pixels_come_back_and_the_rest_lies_between_them(fill, shape: tuple) -> None:
    picture = np.random.default_rng(1).integers(30, 220, shape, np.uint8)
    mask = some(*shape[:2], 0.1)
    hidden = np.where(mask[:, :, None], picture, 255).astype(np.uint8)
    out = fill(hidden, mask)
    assert out.shape == shape
    assert out.dtype == np.uint8
    assert (out[mask] == picture[mask]).all()
    assert (out >= picture[mask].min(axis=0)).all()
    assert (out <= picture[mask].max(axis=0)).all()
    assert (fill(picture, np.ones_like(mask)) == picture).all()


@pytest.mark.parametrize("fill", [homogeneous, edge_enhancing])
def test_one_known_pixel_is_the_whole_picture(fill) -> None:
    mask = np.zeros((30, 50), bool)
    mask[3, 44] = True
    assert (fill(np.full((30, 50, 3), (9, 99, 199), np.uint8), mask) == (9, 99, 199)).all()


def test_homogeneous_diffusion_draws_a_ramp_from_its_ends() -> None:
    y, x = np.mgrid[:90, :130]
    ramp = np.stack([20 + x, 230 - y, 40 + y // 2 + x], axis=2).astype(np.uint8)
    border = np.ones((90, 130), bool)
    border[1:-1, 1:-1] = False
    inner = homogeneous(np.where(border[:, :, None], ramp, 0).astype(np.uint8), border)
    assert np.abs(inner.astype(int) - ramp).max() <= 1
    ends = np.zeros((90, 130), bool)
    ends[:, [0, -1]] = True  # above and below, the border reflects
    assert (homogeneous(ramp, ends)[:, :, 0] == ramp[:, :, 0]).all()


@pytest.mark.parametrize("share", [0.0, 0.001, 0.01, 0.3])
def test_the_solver_meets_the_equation_without_going_beyond_what_is_known(share: float) -> None:
    mask = some(131, 210, share)
    mask[4, 5] = True
    values = np.random.default_rng(2).integers(0, 256, (2, 131, 210)).astype(np.float32) * mask
    u = diffusion.solve(values, mask, *diffusion.unit_links(131, 210))
    around = np.pad(u, ((0, 0), (1, 1), (1, 1)), mode="symmetric")
    laplacian = around[:, 2:, 1:-1] + around[:, :-2, 1:-1] - 4 * u
    laplacian += around[:, 1:-1, 2:] + around[:, 1:-1, :-2]
    assert np.abs(laplacian[:, ~mask]).max() < 0.1
    assert (u[:, mask] == values[:, mask]).all()
    assert u.min() > values[:, mask].min() - 0.1
    assert u.max() < values[:, mask].max() + 0.1


def test_the_solver_meets_flows_that_are_asked_for() -> None:
    photo = scene(60, 83).transpose(2, 0, 1).astype(np.float32)
    mask = some(60, 83, 0.02)
    around = np.pad(photo, ((0, 0), (1, 1), (1, 1)), mode="symmetric")
    flows = 4 * photo - around[:, 2:, 1:-1] - around[:, :-2, 1:-1]
    flows -= around[:, 1:-1, 2:] + around[:, 1:-1, :-2]
    u = diffusion.solve(photo * mask, mask, *diffusion.unit_links(60, 83), flows)
    assert np.abs(u - photo).max() < 0.2


def test_iterations_of_edge_enhancing_diffusion_are_stable() -> None:
    """Check the bound that _force states, with tensors of all directions and strengths."""
    rng = np.random.default_rng(3)
    angle, weak, strong = rng.uniform(0, np.pi, (20, 24)), rng.random((20, 24)), 1.0
    a = weak * np.cos(angle) ** 2 + strong * np.sin(angle) ** 2
    c = weak * np.sin(angle) ** 2 + strong * np.cos(angle) ** 2
    b = (weak - strong) * np.sin(angle) * np.cos(angle)
    e = (1 - 2 * module.ALPHA) / 4 * (a + c - 2 * np.abs(b))
    columns = np.eye(21 * 25).reshape(-1, 21, 25)
    matrix = -module._force(columns, (a, b, c, e)).reshape(525, 525)
    assert np.allclose(matrix, matrix.T)
    values = np.linalg.eigvalsh(matrix)
    assert values[0] > -1e-9
    assert values[-1] < 2 / module.RATE
    assert np.allclose(matrix.sum(axis=0), 0)


def test_edges_stay_sharp_by_edge_enhancing_diffusion() -> None:
    picture, mask = step_edge(), some(96, 128, 0.03)
    plain = metrics.psnr(homogeneous(picture, mask), picture)
    sharp = metrics.psnr(edge_enhancing(picture, mask), picture)
    assert sharp > plain + 2
    weak = edge_enhancing(picture, mask, contrast=1e5)  # no contrast is one: homogeneous again
    assert metrics.psnr(weak, picture) == pytest.approx(plain, abs=0.6)


def test_grey_is_filled_as_grey_in_three_channels() -> None:
    grey, mask = step_edge()[:, :, :1], some(96, 128, 0.03)
    three = edge_enhancing(grey.repeat(3, axis=2), mask)
    assert np.abs(three - edge_enhancing(grey, mask).astype(int)).max() <= 1


@pytest.mark.parametrize("fill", [homogeneous, edge_enhancing])
def test_other_arrays_are_refused(fill) -> None:
    picture, mask = np.zeros((8, 9, 3), np.uint8), np.ones((8, 9), bool)
    with pytest.raises(ValueError, match="no pixel is known"):
        fill(picture, ~mask)
    with pytest.raises(ValueError, match=r"mask must be of the shape \(8, 9\), not \(9, 8\)"):
        fill(picture, mask.T)
    with pytest.raises(ValueError, match=r"mask must be \(8, 9\) bool, not \(8, 9\) uint8"):
        fill(picture, mask.astype(np.uint8))
    with pytest.raises(ValueError, match=r"known must be .* uint8, not \(8, 9\) uint8"):
        fill(picture[:, :, 0], mask)
    with pytest.raises(ValueError, match=r"known must be .*, not \(0, 9, 3\)"):
        fill(picture[:0], mask[:0])
    with pytest.raises(ValueError, match=r"known must be .* uint8, not list"):
        fill(picture.tolist(), mask)


@pytest.mark.parametrize(
    "options", [{"contrast": 0}, {"sigma": 0}, {"sigma": 17}, {"cycles": 0}, {"iterations": 0}]
)
def test_options_out_of_range_are_refused(options: dict) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(options))} must be"):
        edge_enhancing(np.zeros((8, 9, 3), np.uint8), np.ones((8, 9), bool), **options)


# ---- structure ---------------------------------------------------------------------------------
def test_a_straight_edge_goes_on_through_a_dropped_block() -> None:
    picture = np.full((80, 96, 3), 50, np.uint8)
    picture[:, 43:] = (210, 190, 170)
    kept = np.ones((10, 12), bool)
    kept[4:6, 4:7] = False
    edges = np.zeros((80, 96), bool)
    edges[:, 43] = True
    out = inpaint(picture, kept, edges)
    hole = ~grown(kept, 80, 96)
    assert (out[~hole] == picture[~hole]).all()
    beside = hole & ~edges
    error = np.abs(out[beside].astype(int) - picture[beside])
    assert error.max() <= 8  # of a jump by 160: edges leak a little
    assert error.mean() < 1.5
    blind = inpaint(picture, kept, np.zeros_like(edges))
    assert np.abs(blind[beside].astype(int) - picture[beside]).max() > 20


def test_texture_goes_on_through_dropped_blocks() -> None:
    y, x = np.mgrid[:128, :128]
    stripes = (120 + 12 * np.sin(x * np.pi / 4) + 8 * np.cos((y + x) * np.pi / 6)).round()
    picture = stripes.astype(np.uint8)[:, :, None].repeat(3, axis=2)
    kept = np.ones((16, 16), bool)
    kept[6:9, 5:8] = False
    hole = ~grown(kept, 128, 128)
    edges = np.zeros((128, 128), bool)
    out = inpaint(picture, kept, edges)
    error = np.abs(out[hole].astype(int) - picture[hole]).mean()
    flat = np.abs(homogeneous(picture, ~hole)[hole].astype(int) - picture[hole]).mean()
    assert error < flat / 4


def test_structure_inpainting_is_the_same_every_time(photo: np.ndarray) -> None:
    kept = holes(19, 28)
    edges = some(150, 220, 0.01)
    first = inpaint(photo, kept, edges)
    assert (inpaint(photo, kept, edges) == first).all()
    known = grown(kept, 150, 220)
    assert (first[known] == photo[known]).all()
    hidden = np.where(known[:, :, None], photo, 0).astype(np.uint8)
    assert (inpaint(hidden, kept, edges) == first).all()


@pytest.mark.parametrize("shape", [(8, 16, 1), (5, 13, 3), (33, 40, 4)])
def test_small_pictures_are_filled(shape: tuple) -> None:
    picture = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    kept = np.zeros((-(-shape[0] // 8), -(-shape[1] // 8)), bool)
    kept[0, 0] = True
    out = inpaint(picture, kept, np.ones(shape[:2], bool))
    assert (out[:8, :8] == picture[:8, :8]).all()
    assert out.shape == shape


def test_structure_inpainting_refuses_what_it_cannot_fill() -> None:
    picture, kept = np.zeros((20, 30, 3), np.uint8), np.ones((3, 4), bool)
    edges = np.zeros((20, 30), bool)
    with pytest.raises(ValueError, match="no cell is kept"):
        inpaint(picture, ~kept, edges)
    with pytest.raises(ValueError, match=r"kept must be of the shape \(3, 4\), not \(4, 3\)"):
        inpaint(picture, kept.T, edges)
    with pytest.raises(ValueError, match=r"edges must be of the shape \(20, 30\)"):
        inpaint(picture, kept, edges[1:])
    with pytest.raises(ValueError, match="decoded must be"):
        inpaint(picture[0], kept, edges)
    with pytest.raises(ValueError, match="seed must be"):
        inpaint(picture, kept, edges, seed=-1)


# ---- streams -----------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["homogeneous", "edge-enhancing"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_streams_of_sampled_pixels_are_filled(name: str, channels: int) -> None:
    picture = scene(90, 121, channels)
    mask = Scheme("pixels", 0.05)
    out = paint(ablc.encode(picture, quality=20, mask=mask), name)
    kept = ablc.schemes.choose(mask, picture).pixels
    assert out.shape == picture.shape
    assert (out[kept] == picture[kept]).all()
    expected = FILLS[name](picture[:, :, :3], kept, np.zeros_like(kept))
    assert (out[:, :, :3] == expected).all()  # unknown pixels are not used
    assert (out[:, :, 3:] == picture[:, :, 3:]).all()


@pytest.mark.parametrize("name", FILLS)
def test_streams_of_kept_blocks_are_filled(name: str, photo: np.ndarray) -> None:
    kept = holes(19, 28)
    data = ablc.encode(photo, quality=60, mask=kept)
    out, decoded = paint(data, name), ablc.decode(data)
    known = grown(kept, 150, 220)
    assert (out[known] == decoded[known]).all()
    assert (out[~known] != decoded[~known]).any()


@pytest.mark.parametrize("name", FILLS)
def test_streams_without_gaps_come_back_as_they_are(name: str, photo: np.ndarray) -> None:
    assert (paint(ablc.encode(photo, lossless=True), name) == photo).all()
    data = ablc.encode(photo, quality=30, mask=np.ones((19, 28), bool))
    assert (paint(data, name) == ablc.decode(data)).all()


def test_edges_that_a_stream_tells_of_are_met() -> None:
    from ablc.runtime import assistance

    picture = step_edge()
    kept = np.ones((12, 16), bool)
    kept[4:7, 6:10] = False
    data = ablc.encode(picture, quality=80, mask=kept)
    planes = (picture / np.float32(255)).transpose(2, 0, 1).astype(np.float32)
    body = assistance.pack_edges(planes, assistance.PictureGrid(96, 128, kept))
    with_edges = _core.Stream(data).with_sections({"EDGE": body})
    assert not edges_in(_core.Stream(data), 96, 128, kept).any()
    edges = edges_in(_core.Stream(with_edges), 96, 128, kept)
    y, x = np.nonzero(edges)
    assert len(y) >= 20
    assert (np.abs(x - 40 - y / 2) < 3).all()
    hole = ~grown(kept, 96, 128)
    blind, seeing = (
        metrics.psnr(paint(d, "structure")[hole], picture[hole]) for d in (data, with_edges)
    )
    assert seeing > blind + 3
    assert metrics.psnr(paint(data, "structure", edges)[hole], picture[hole]) == seeing


def test_other_names_edges_and_bytes_are_refused(photo: np.ndarray) -> None:
    data = ablc.encode(photo, quality=20, mask=Scheme("pixels"))
    with pytest.raises(ValueError, match="name must be one of homogeneous, edge-enhancing, struct"):
        paint(data, "telea")
    with pytest.raises(ValueError, match="no cell is kept"):
        paint(data, "structure")
    with pytest.raises(ValueError, match="edges must be of the shape"):
        paint(data, "homogeneous", np.zeros((3, 3), bool))
    with pytest.raises(ValueError, match="no pixel is known"):
        paint(ablc.encode(photo, mask=np.zeros((19, 28), bool)), "homogeneous")
    with pytest.raises(ablc.StreamError):
        paint(data[:-1], "homogeneous")


def test_a_photograph_gains_from_edge_enhancing_diffusion(kodak: Path) -> None:
    with Image.open(kodak / "kodim23.png") as image:
        picture = np.array(image)
    mask = some(*picture.shape[:2], 0.01)
    plain = metrics.compare(homogeneous(picture, mask), picture)
    sharp = metrics.compare(edge_enhancing(picture, mask), picture)
    assert sharp.psnr > plain.psnr + 0.3
    assert sharp.ssim > plain.ssim
