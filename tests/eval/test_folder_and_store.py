"""A folder's pictures, the store of results, and many measurements at once."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ablc.eval import folder
from ablc.eval.running import Failed, MeasuringTask, run
from ablc.eval.store import Store, ablc_fingerprint, key_of, sources_of
from made_tasks import count, die, fail
from scenes import scene


def save(path: Path, pixels: np.ndarray, mode: str | None = None) -> None:
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(path)


# --- folders --------------------------------------------------------------------------------------


def test_every_kind_of_picture_becomes_rgb_or_is_listed(tmp_path: Path) -> None:
    picture = scene(40, 50)
    save(tmp_path / "plain.png", picture)
    save(tmp_path / "grey.png", picture, "L")
    save(tmp_path / "ink.tif", picture, "CMYK")
    save(tmp_path / "clear.png", np.dstack([picture, np.full((40, 50), 128, np.uint8)]))
    Image.fromarray(picture[..., 0].astype(np.uint16) * 257).save(tmp_path / "deep.png")
    save(tmp_path / "tiny.png", picture[:9])
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    (tmp_path / "notes.txt").write_text("not looked at")
    contents = folder.scan(tmp_path)
    photos = {photo.name: photo for photo in contents.photos}
    assert sorted(photos) == ["clear", "deep", "grey", "ink", "plain"]
    for photo in contents.photos:
        assert photo.load().shape == (photo.height, photo.width, 3) == (40, 50, 3)
        assert bool(photo.notes) == (photo.name not in ("plain", "ink"))
    assert (photos["plain"].load() == picture).all()
    assert [file.name for file in contents.broken] == ["broken.jpg", "tiny.png"]
    assert "at least 16" in contents.broken[1].reason


def test_a_picture_beyond_the_limit_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path / "a.png", scene(20, 20))
    save(tmp_path / "b.png", scene(40, 50))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    (file,) = folder.scan(tmp_path).broken
    assert file.name == "b.png"
    assert "50x40 pixels are more than the 1000 allowed" in file.reason


def test_pictures_of_one_stem_keep_their_suffixes(tmp_path: Path) -> None:
    save(tmp_path / "a.png", scene(20, 20))
    save(tmp_path / "a.bmp", scene(20, 20))
    assert [photo.name for photo in folder.scan(tmp_path).photos] == ["a.bmp", "a.png"]
    assert len(folder.scan(tmp_path, limit=1).photos) == 1


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such folder"):
        folder.scan(tmp_path / "none")
    with pytest.raises(ValueError, match="no pictures to measure"):
        folder.scan(tmp_path)
    (tmp_path / "broken.png").write_bytes(b"")
    with pytest.raises(ValueError, match=r"broken\.png: not a picture"):
        folder.scan(tmp_path)


# --- the store and the runner ---------------------------------------------------------------------


def tasks(work: object, place: Path, numbers: range = range(4)) -> list[MeasuringTask]:
    return [
        MeasuringTask(key_of("test", number), f"task {number}", work, (place, number))
        for number in numbers
    ]


def test_what_the_store_holds_is_not_measured_again(tmp_path: Path) -> None:
    store, seen = Store(tmp_path / "store"), []
    first = run(tasks(count, tmp_path, range(2)), store, 1, seen.append)
    both = run(tasks(count, tmp_path, range(3)), store, 1, seen.append)
    assert first == [{"number": 0}, {"number": 1}]
    assert both == [*first, {"number": 2}]
    assert (tmp_path / "trace").read_text().split() == ["0", "1", "2"]
    assert seen == ["task 0", "task 1", "task 0", "task 1", "task 2"]
    assert store.file(key_of("test", 2), "number.txt").read_text() == "2"


def test_a_damaged_result_is_measured_again(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    (task,) = tasks(count, tmp_path, range(1))
    run([task], store, 1)
    store.file(task.key, "row.json").write_text('{"number": ')
    assert run([task], store, 1) == [{"number": 0}]
    assert (tmp_path / "trace").read_text().split() == ["0", "0"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_one_that_raises_does_not_stop_the_others(tmp_path: Path, jobs: int) -> None:
    store = Store(tmp_path / "store")
    outcomes = run(tasks(fail, tmp_path), store, jobs)
    assert outcomes[1] == Failed("RuntimeError: out of luck")
    assert [outcomes[i] for i in (0, 2, 3)] == [{"number": i} for i in (0, 2, 3)]
    assert store.get(key_of("test", 1)) is None


def test_one_whose_process_dies_does_not_stop_the_others(tmp_path: Path) -> None:
    outcomes = run(tasks(die, tmp_path, range(6)), Store(tmp_path / "store"), 2)
    assert outcomes[1] == Failed("its process died")
    assert [outcomes[i] for i in (0, 2, 3, 4, 5)] == [{"number": i} for i in (0, 2, 3, 4, 5)]


def test_keys_depend_on_every_part() -> None:
    parts = [("a", "b"), ("ab",), ("a", 1), ("a", "1"), ("a", None), ("a", True)]
    assert len({key_of(*some) for some in parts}) == len(parts)


def test_a_fingerprint_covers_what_its_modules_import() -> None:
    assert ablc_fingerprint() != ablc_fingerprint("ablc.eval.paper.table1")
    covered = {f"{path.parent.name}/{path.stem}" for path in sources_of("ablc.eval.paper.table1")}
    assert {"paper/table1", "paper/table1_systems", "paper/structure", "ablc/metrics"} <= covered
    decoding = {f"{path.parent.name}/{path.stem}" for path in sources_of("ablc")}
    assert {"ablc/rate", "ablc/settings", "runtime/painter", "runtime/latent"} <= decoding
    assert not {"paper/table1", "eval/store"} & decoding


@pytest.mark.skipif(os.name == "nt", reason="POSIX pipes")
def test_a_pipe_with_the_name_of_a_picture_is_not_read(tmp_path: Path) -> None:
    Image.new("RGB", (32, 32)).save(tmp_path / "a.png")
    os.mkfifo(tmp_path / "pipe.png")
    scanned = folder.scan(tmp_path)
    assert [photo.name for photo in scanned.photos] == ["a"]
    assert [(file.name, file.reason) for file in scanned.broken] == [
        ("pipe.png", "not a regular file")
    ]
