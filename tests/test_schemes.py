"""The paper's masks: the selected cells and pixels, and those in the stream."""

import numpy as np
import pytest

import ablc
from ablc.schemes import Scheme, choose, edge_pixels
from ablc.settings import SCHEMES

cv2 = pytest.importorskip("cv2", reason="masks of edges need OpenCV")


def house() -> np.ndarray:
    """Return a picture (200, 260, 3) of a bright rectangle on dark ground, with known edges."""
    picture = np.full((200, 260, 3), 60, np.uint8)
    picture[40:140, 48:200] = (200, 180, 160)
    return picture


def border(margin: int) -> np.ndarray:
    """Return flags (200, 260) of the pixels near the outline of the rectangle."""
    outer, inner = np.zeros((200, 260), bool), np.zeros((200, 260), bool)
    outer[40 - margin : 140 + margin, 48 - margin : 200 + margin] = True
    inner[40 + margin : 140 - margin, 48 + margin : 200 - margin] = True
    return outer & ~inner


def to_pixels(cells: np.ndarray) -> np.ndarray:
    return cells.repeat(8, axis=0).repeat(8, axis=1)[:200, :260]


def test_centre_keeps_a_square_of_100_pixels() -> None:
    kept = choose(Scheme("centre"), house())
    pixels = to_pixels(kept.cells)
    assert kept.pixels is None
    assert pixels[50:150, 80:180].all()
    assert not pixels[:43].any()
    assert not pixels[157:].any()
    assert not pixels[:, :73].any()
    assert not pixels[:, 187:].any()
    assert choose(Scheme("centre"), house()[:40, :30]).cells.all()


def test_pixels_are_random_and_as_many_as_asked_for() -> None:
    first, second = (choose(Scheme("pixels", 0.05, seed=s), house()).pixels for s in (0, 1))
    assert first is not None
    assert second is not None
    assert first.sum() == second.sum() == round(0.05 * 200 * 260)
    assert (first & second).sum() < 0.1 * first.sum()
    quarters = [first[:100].sum(), first[100:].sum(), first[:, :130].sum(), first[:, 130:].sum()]
    assert min(quarters) > 0.4 * first.sum()


@pytest.mark.parametrize("edges", ["canny", "log"])
def test_edge_pixels_are_those_of_all_edges(edges: str) -> None:
    kept = choose(Scheme("edge-pixels", edges=edges), house())
    assert not kept.cells.any()
    assert kept.pixels is not None
    assert not (kept.pixels & ~border(3)).any()
    near = cv2.dilate(kept.pixels.astype(np.uint8), np.ones((5, 5))) > 0
    assert near[border(1)].mean() > 0.98
    fewer = choose(Scheme("edge-pixels", 0.002, edges=edges), house()).pixels
    assert fewer is not None
    assert fewer.sum() == round(0.002 * 200 * 260)
    assert not (fewer & ~kept.pixels).any()


@pytest.mark.parametrize("block", [8, 16, 32])
def test_edge_blocks_lie_on_edges(block: int) -> None:
    share = {8: 0.05, 16: 0.1, 32: 0.2}[block]
    cells = choose(Scheme("edge-blocks", share, block=block), house()).cells
    blocks = -(-200 // block) * -(-260 // block)
    grid = np.pad(cells, ((0, -25 % (block // 8)), (0, -33 % (block // 8))))
    grid = grid[:: block // 8, :: block // 8]
    assert grid.sum() == round(share * blocks)
    on_edge = edge_pixels(house(), "canny")
    rows, cols = np.nonzero(grid)
    for row, col in zip(rows, cols, strict=True):
        assert on_edge[row * block : (row + 1) * block, col * block : (col + 1) * block].any()


def test_some_blocks_far_from_edges_may_be_random() -> None:
    plain = choose(Scheme("edge-blocks", 0.12), house()).cells
    mixed = choose(Scheme("edge-blocks+random", 0.12, random_share=0.5), house()).cells
    assert mixed.sum() == pytest.approx(plain.sum(), rel=0.1)  # blocks at the border are cut
    assert (mixed & ~plain).any()
    assert (mixed & plain).sum() == pytest.approx(0.5 * mixed.sum(), rel=0.3)
    all_random = choose(Scheme("random-blocks", 0.5, seed=3), house()).cells
    assert 0.4 < all_random.mean() < 0.6


@pytest.mark.parametrize("name", [name for name in SCHEMES if name != "rdo"])
def test_streams_keep_what_the_scheme_says(name: str) -> None:
    picture = house()
    scheme = Scheme(name, 0.05 if "pixels" in name else None)
    kept = choose(scheme, picture)
    data = ablc.encode(picture, quality=30, mask=scheme)
    assert (ablc.keep_mask(data) == kept.cells).all()
    decoded = ablc.decode(data)
    if kept.pixels is not None:
        assert (decoded[kept.pixels] == picture[kept.pixels]).all()
    sections = {section.name: section.length for section in ablc.inspect(data).sections}
    assert sum(sections.values()) == len(data)
    assert ("EXCT" in sections) == (kept.pixels is not None)
    if name != "centre":
        assert data == ablc.encode(picture, quality=30, mask=scheme)


def test_what_is_dropped_takes_next_to_nothing(photo: np.ndarray) -> None:
    data = ablc.encode(photo, quality=60, mask=Scheme("random-blocks", 0.3))
    cells = ablc.coding_map(data)
    least = len(ablc.encode(photo, quality=60, mask=np.zeros((19, 28), bool)))
    assert cells.bits[~cells.kept].mean() < 1.5 * 8 * least / cells.bits.size
    assert cells.bits[cells.kept].mean() > 3 * cells.bits[~cells.kept].mean()


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="mask must be one of"):
        ablc.encode(house(), mask="edges")
    with pytest.raises(
        ValueError, match=r"share of a mask must be a number in 0\.\.1, above 0, not 2"
    ):
        Scheme("pixels", 2)
    with pytest.raises(ValueError, match=r"random_share must be a number in 0\.\.1, not -1"):
        Scheme("edge-blocks+random", random_share=-1)
    with pytest.raises(ValueError, match="must be 8, 16 or 32, not 12"):
        Scheme("edge-blocks", block=12)
    infinite = np.full((200, 260), np.inf)
    with pytest.raises(ValueError, match="lossless region and the mask 'pixels' exclude"):
        ablc.encode(house(), mask="pixels", importance=infinite)
