"""Training data: what is read, what is left out, what a sample holds."""

import io
import tarfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="networks need the [train] extra")

import ablc  # noqa: E402
from ablc.export import data  # noqa: E402
from scenes import scene  # noqa: E402


def coded(picture: npt.NDArray[np.uint8], kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, kind)
    return file.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "below").mkdir()
    (tmp_path / "a.png").write_bytes(coded(scene(100, 130)))
    (tmp_path / "below" / "b.jpg").write_bytes(coded(scene(120, 90), "JPEG"))
    (tmp_path / "grey.png").write_bytes(coded(scene(80, 80, 1)[..., 0]))
    (tmp_path / "small.png").write_bytes(coded(scene(80, 63)))
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and then nothing of the kind")
    (tmp_path / "cut.jpg").write_bytes(coded(scene(100, 100), "JPEG")[:700])
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


def test_folder_is_read_with_all_beneath(folder: Path) -> None:
    result = data.load([folder])
    assert [p.shape for p in result.pictures] == [(100, 130, 3), (120, 90, 3), (80, 80, 3)]
    assert (result.broken, result.small) == (2, 1)
    assert result.sources == {folder.name: 3}
    assert "2 broken and 1 small ones left out" in str(result)


def test_tar_gives_the_same(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "shard.tar"
    with tarfile.open(path, "w") as tar:
        for name in ("a.png", "below/b.jpg", "broken.png"):
            tar.add(folder / name, name)
    result = data.load([path])
    expected = data.load([folder]).pictures[:2]
    assert all(np.array_equal(a, b) for a, b in zip(result.pictures, expected, strict=True))
    assert (result.broken, result.sources) == (1, {"shard.tar": 2})


def test_limit_takes_some(folder: Path) -> None:
    assert len(data.load([folder], limit=2).pictures) <= 2


def test_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"no picture .* in {tmp_path}: 0 files"):
        data.load([tmp_path])


def test_folder_of_broken_pictures_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="1 files, 1 of them broken"):
        data.load([tmp_path])


def test_missing_source_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        data.load([tmp_path / "nowhere"])


def test_file_that_is_no_tar_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"x\.tar is neither"):
        data.load([tmp_path / "x.tar"])


@pytest.mark.parametrize("shape", [(64, 64), (70, 900), (300, 280), (1000, 600)])
def test_cut_has_one_size(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    for _ in range(5):
        result = data.cut([scene(*shape)], rng)
        assert (result.shape, result.dtype) == ((data.CUT, data.CUT, 3), np.uint8)


def test_cells_say_what_the_stream_says(photo: npt.NDArray[np.uint8]) -> None:
    importance = np.ones(photo.shape[:2], np.float32)
    importance[:64, :64] = 16  # two octaves: the step follows its square root
    stream = ablc.encode(photo, quality=30, importance=importance)
    decoded, kept, step = data.cells_of(stream)
    assert np.array_equal(decoded, ablc.decode(stream))
    assert np.array_equal(kept, ablc.keep_mask(stream))
    usual = np.log2(ablc.inspect(stream).step)
    assert step[-1, -1] == pytest.approx(usual)
    assert step[0, 0] == pytest.approx(usual - 2)


def test_every_kind_of_stream_decodes() -> None:
    rng = np.random.default_rng(0)
    picture = data.cut([scene(300, 300)], rng)
    kept = []
    for _ in range(40):
        decoded, mask, _ = data.cells_of(data.encode(picture, rng))
        assert decoded.shape == picture.shape
        kept.append(mask.mean())
    assert min(kept) < 0.3 < 0.9 < max(kept)


def test_samples_depend_on_the_seed_alone() -> None:
    pictures = [scene(280, 300)]
    first, again, other = (
        next(iter(data.Samples(pictures, data.coded, seed=s))) for s in (1, 1, 2)
    )
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["picture"], other["picture"])


@pytest.fixture(scope="module")
def pool() -> data.SamplePool:
    samples = data.Samples([scene(280, 300)], data.coded, seed=0)
    made = data.SamplePool(samples, size=3, workers=0, device=torch.device("cpu"))
    made.refresh(4)
    return made


def test_pool_keeps_no_more_than_its_size(pool: data.SamplePool) -> None:
    assert pool.filled == 3
    assert {name: value.shape for name, value in pool.all().items()} == {
        "picture": (3, 3, 256, 256),
        "decoded": (3, 3, 256, 256),
        "kept": (3, 1, 32, 32),
        "step": (3, 1, 32, 32),
    }


def test_batch_crops_pictures_and_cells_alike(pool: data.SamplePool) -> None:
    everything, result = pool.all(), pool.batch(5, 64)
    assert result["picture"].shape == (5, 3, 64, 64)
    for b in range(5):
        places = [
            (n, y, x)
            for n in range(3)
            for y in range(0, 193, 8)
            for x in range(0, 193, 8)
            if torch.equal(
                everything["decoded"][n, :, y : y + 64, x : x + 64], result["decoded"][b]
            )
        ]
        assert len(places) == 1
        n, y, x = places[0]
        assert torch.equal(
            everything["picture"][n, :, y : y + 64, x : x + 64], result["picture"][b]
        )
        for name in ("kept", "step"):
            part = everything[name][n, :, y // 8 : y // 8 + 8, x // 8 : x // 8 + 8]
            assert torch.equal(part, result[name][b])


def test_small_pictures_are_cropped_with_their_originals() -> None:
    samples = data.Samples([scene(280, 300)], data.reduced, seed=0)
    pool = data.SamplePool(samples, size=1, workers=0, device=torch.device("cpu"))
    low, picture = (pool.all()[name] for name in ("low", "picture"))
    assert low.shape == (1, 3, 64, 64)
    means = torch.nn.functional.avg_pool2d(picture, 4)
    assert (low - means).abs().mean() < 0.05
    result = pool.batch(3, 96)
    assert result["low"].shape == (3, 3, 24, 24)
    for crop, small in zip(result["picture"], result["low"], strict=True):
        places = [
            (y, x)
            for y in range(0, 161, 8)
            for x in range(0, 161, 8)
            if torch.equal(picture[0, :, y : y + 96, x : x + 96], crop)
        ]
        y, x = (place // 4 for place in places[0])
        assert torch.equal(low[0, :, y : y + 24, x : x + 24], small)


def test_workers_make_samples() -> None:
    samples = data.Samples([scene(280, 300)], data.coded, seed=0)
    pool = data.SamplePool(samples, size=2, workers=1, device=torch.device("cpu"))
    pool.refresh(2)
    assert pool.filled == 2
