"""Batches: conversion, resumption, names of results, the manifest."""

import contextlib
import io
import os
import sys
import uuid
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from PIL import Image

import ablc

pytest.importorskip("fsspec", reason="fsspec is not installed: pip install 'ablc[batch]'")

from fsspec import register_implementation
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from ablc.batch.job import Batch, Job, Outcome, Worker
from ablc.batch.manifest import NAME, Entry
from ablc.batch.storage import StorageFolder, split_pattern
from ablc.batch.work import Decoding, Encoding
from ablc.settings import DecodeSettings, EncodeSettings
from batches import Kept, lines, picture, run, written
from scenes import scene


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with a.png, sub/b.png and deep/er/c.jpg."""
    folder = tmp_path / "photos"
    for seed, name in enumerate(("a.png", "sub/b.png", "deep/er/c.jpg")):
        picture(folder / name, seed=seed)
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_results_lie_in_the_same_tree_and_are_what_encode_gives(photos: Path, out: Path) -> None:
    run(photos, out, Encoding(settings=EncodeSettings(quality=35)))
    assert written(out) == {"a.ablc", "sub/b.ablc", "deep/er/c.ablc"}
    with Image.open(photos / "a.png") as image:
        assert (out / "a.ablc").read_bytes() == ablc.encode(np.array(image), quality=35)


def test_streams_come_back_as_pictures_with_their_metadata(photos: Path, out: Path) -> None:
    tags = Image.Exif()
    tags[0x013B] = "Ada"
    with Image.open(photos / "a.png") as image:
        image.save(photos / "a.png", exif=tags)
    run(photos, out)
    run(out, out / "back", Decoding(suffix=".webp", settings=DecodeSettings(fill="classical")))
    with Image.open(out / "back/a.webp") as image:
        assert (np.array(image) == ablc.decode((out / "a.ablc").read_bytes())).all()
        assert image.getexif()[0x013B] == "Ada"


def test_the_manifest_has_a_line_for_every_source(photos: Path, out: Path) -> None:
    (photos / "broken.png").write_bytes(b"no picture")
    (photos / "notes.txt").write_text("no picture, and not called one")
    run(photos, out)
    entries = lines(out)
    assert sorted(entries) == ["a.png", "b.png", "broken.png", "c.jpg"]
    assert entries["b.png"]["target"] == "sub/b.ablc"
    assert entries["b.png"]["size"] == (out / "sub/b.ablc").stat().st_size
    assert entries["broken.png"]["status"] == "failed"
    assert entries["broken.png"]["error"] == "PictureError"


def test_what_had_to_change_is_noted(photos: Path, out: Path) -> None:
    Image.fromarray(np.full((20, 20), 40_000, np.uint16)).save(photos / "deep.png")
    run(photos, out)
    assert lines(out)["deep.png"]["notes"] == ["16 bits per sample were reduced to 8"]


def test_a_second_run_has_nothing_to_do(photos: Path, out: Path) -> None:
    run(photos, out)
    before = (out / NAME).read_bytes()
    assert run(photos, out).pending == 0
    assert (out / NAME).read_bytes() == before


def test_changed_sources_are_done_again(photos: Path, out: Path) -> None:
    run(photos, out)
    picture(photos / "a.png", seed=7)
    os.utime(photos / "a.png", (1, 1))
    assert [Path(entry.source).name for entry in run(photos, out).ended] == ["a.png"]


def test_other_settings_do_everything_again(photos: Path, out: Path) -> None:
    run(photos, out)
    before = (out / "a.ablc").read_bytes()
    assert run(photos, out, Encoding(settings=EncodeSettings(quality=20))).pending == 3
    assert (out / "a.ablc").read_bytes() != before


def test_a_result_that_was_removed_is_made_again(photos: Path, out: Path) -> None:
    run(photos, out)
    (out / "sub/b.ablc").unlink()
    assert run(photos, out).pending == 1
    assert (out / "sub/b.ablc").exists()


def test_what_failed_is_tried_again_on_request_alone(photos: Path, out: Path) -> None:
    (photos / "broken.png").write_bytes(b"no picture")
    run(photos, out)
    assert run(photos, out).pending == 0
    assert run(photos, out, retry_failed=True).pending == 1
    assert lines(out)["broken.png"]["status"] == "failed"


def test_sources_that_want_one_name_get_two(photos: Path, out: Path) -> None:
    picture(photos / "a.jpg")
    run(photos, out)
    assert lines(out)["a.jpg"]["target"] == "a.ablc"
    assert lines(out)["a.png"]["target"] == "a.png.ablc"
    assert {"a.ablc", "a.png.ablc"} <= written(out)


def test_a_source_keeps_its_name_when_others_come(photos: Path, out: Path) -> None:
    run(photos, out)
    picture(photos / "a.jpg")
    picture(photos / "A.gif")
    run(photos, out)
    targets = {name: line["target"] for name, line in lines(out).items()}
    assert targets["a.png"] == "a.ablc"
    assert targets["a.jpg"] == "a.jpg.ablc"
    assert targets["A.gif"] == "A.gif.ablc"


def test_a_source_without_a_free_name_is_listed(photos: Path, out: Path) -> None:
    for name in ("a.gif", "a.png.gif"):
        picture(photos / name)
    run(photos, out)
    assert lines(out)["a.gif"]["target"] == "a.ablc"
    assert lines(out)["a.png"]["target"] == "a.png.ablc"
    assert lines(out)["a.png.gif"]["target"] == "a.png.gif.ablc"
    picture(photos / "c/x.png.gif")
    run(photos, out)
    picture(photos / "c/x.gif")
    picture(photos / "c/x.png")
    run(photos, out)
    failed = lines(out)["x.png"]
    assert (failed["status"], failed["error"]) == ("failed", "FileExistsError")
    assert "target" not in failed


def test_files_that_are_not_the_manifests_are_left_alone(photos: Path, out: Path) -> None:
    out.mkdir()
    (out / "a.ablc").write_text("something else")
    run(photos, out)
    assert (out / "a.ablc").read_text() == "something else"
    assert lines(out)["a.png"]["error"] == "FileExistsError"
    run(photos, out, overwrite=True)
    assert lines(out)["a.png"]["status"] == "done"
    assert ablc.inspect((out / "a.ablc").read_bytes()).checksum_ok


def test_results_of_another_folder_are_left_alone(photos: Path, out: Path, tmp_path: Path) -> None:
    run(photos, out)
    before = (out / "a.ablc").read_bytes()
    picture(tmp_path / "others/a.png", seed=9)
    assert run(tmp_path / "others", out).pending == 0
    assert (out / "a.ablc").read_bytes() == before
    run(tmp_path / "others", out, overwrite=True)
    assert (out / "a.ablc").read_bytes() != before
    assert lines(out)["a.png"]["source"] == str(tmp_path / "others/a.png")


@pytest.mark.skipif(os.name == "nt", reason="links as POSIX has them")
@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_no_result_replaces_a_source_by_a_link_to_it(
    photos: Path, out: Path, link: Callable[[Path, Path], None]
) -> None:
    before = {path: path.read_bytes() for path in photos.rglob("*.*")}
    (out / "sub").mkdir(parents=True)
    link(photos / "sub/b.png", out / "a.ablc")  # another source than that of the result
    (out / "elsewhere").write_bytes(b"")
    link(out / "elsewhere", out / "sub/b.ablc")
    summary = run(photos, out, overwrite=True).summary
    assert (summary.done, summary.failed) == (2, 1)
    reason = lines(out)["a.png"]["reason"]
    assert reason == f"a.ablc is the same file as the source {photos / 'sub/b.png'}"
    assert {path: path.read_bytes() for path in photos.rglob("*.*")} == before
    assert (out / "sub/b.ablc").read_bytes().startswith(b"ABL")


def test_results_inside_the_folder_of_sources_are_no_sources(photos: Path) -> None:
    run(photos, photos / "coded")
    picture(photos / "coded/not-a-source.png")
    assert run(photos, photos / "coded").pending == 0


def test_results_may_lie_beside_their_sources(photos: Path) -> None:
    run(photos, photos)
    assert {"a.ablc", "a.png", "sub/b.ablc"} <= written(photos)
    assert run(photos, photos).pending == 0


def test_hidden_files_and_links_to_folders_are_left_out(photos: Path, out: Path) -> None:
    picture(photos / ".hidden.png")
    picture(photos / ".cache/x.png")
    (photos / "loop").symlink_to(photos, target_is_directory=True)
    (photos / "link.png").symlink_to(photos / "a.png")
    run(photos, out)
    assert written(out) == {"a.ablc", "link.ablc", "sub/b.ablc", "deep/er/c.ablc"}


def test_a_link_to_nothing_is_listed(photos: Path, out: Path) -> None:
    (photos / "gone.png").symlink_to(photos / "nowhere.png")
    run(photos, out)
    assert lines(out)["gone.png"]["error"] == "FileNotFoundError"


def test_a_folder_that_cannot_be_listed_is_listed(
    photos: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = LocalFileSystem.ls

    def closed(self: LocalFileSystem, path: str, **options: bool) -> list[str]:
        if path.endswith("/sub"):
            raise PermissionError(13, "Permission denied", path)
        names: list[str] = listing(self, path, **options)
        return names

    monkeypatch.setattr(LocalFileSystem, "ls", closed)
    run(photos, out)
    assert lines(out)["sub"]["error"] == "PermissionError"
    assert written(out) == {"a.ablc", "deep/er/c.ablc"}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.png", {"a.ablc"}),
        ("*/*.png", {"sub/b.ablc"}),
        ("**/*.png", {"a.ablc", "sub/b.ablc"}),
        ("**/[c-z].*", {"deep/er/c.ablc"}),
        ("d*/**", {"deep/er/c.ablc"}),
    ],
)
def test_a_pattern_picks_sources(photos: Path, out: Path, pattern: str, expected: set[str]) -> None:
    folder, rest = split_pattern(f"{photos}/{pattern}")
    assert (folder, rest) == (str(photos), pattern)
    run(folder, out, pattern=rest)
    assert written(out) == expected


def test_a_pattern_that_matches_nothing_is_an_error(photos: Path, out: Path) -> None:
    with pytest.raises(ValueError, match=r"no files in .* match \*\.zzz"):
        run(photos, out, pattern="*.zzz")
    assert not out.exists()


def test_a_folder_may_have_the_name_of_a_pattern(tmp_path: Path) -> None:
    (tmp_path / "a[1]").mkdir()
    assert split_pattern(str(tmp_path / "a[1]")) == (str(tmp_path / "a[1]"), None)


def test_object_stores_serve_as_source_and_target(photos: Path, tmp_path: Path) -> None:
    store = f"memory://{uuid.uuid4()}"
    run(photos, f"{store}/coded")
    assert run(photos, f"{store}/coded").pending == 0
    assert {file.path for file in StorageFolder(f"{store}/coded").files()} == {
        *("a.ablc", "sub/b.ablc", "deep/er/c.ablc", NAME)
    }
    back = Decoding(settings=DecodeSettings(fill="classical"))
    run(f"{store}/coded", tmp_path / "back", back)
    assert written(tmp_path / "back") == {"a.png", "sub/b.png", "deep/er/c.png"}
    assert lines(tmp_path / "back")["b.ablc"]["source"] == f"{store}/coded/sub/b.ablc".replace(
        "memory://", "memory:///"
    )


def test_half_a_file_never_shows_on_an_object_store() -> None:
    place = StorageFolder(f"memory://{uuid.uuid4()}")
    place.write("whole.ablc", b"all of it")
    with contextlib.suppress(KeyError), place.writing("half.ablc") as file:
        file.write(b"half of it")
        raise KeyError
    assert [file.path for file in place.files()] == ["whole.ablc"]


def test_an_interrupted_run_goes_on_where_it_was(photos: Path, out: Path) -> None:
    class Interrupted(Kept):
        def advance(self, entry: Entry) -> None:
            super().advance(entry)
            if len(self.ended) == 2:
                raise KeyboardInterrupt

    kept = run(photos, out, kept=Interrupted())
    assert kept.summary.interrupted
    assert (kept.summary.done, kept.summary.left) == (2, 1)
    assert sorted(line["status"] for line in lines(out).values()) == ["done", "done", "pending"]
    assert run(photos, out).pending == 1


def test_an_engine_that_breaks_leaves_a_manifest_to_go_on_from(photos: Path, out: Path) -> None:
    def breaks(batch: Batch, jobs: Iterator[Job]) -> Iterator[Outcome]:
        worker = Worker(batch)
        yield worker(next(jobs))
        worker(next(jobs))  # written, but not heard of
        raise ConnectionError

    with pytest.raises(ConnectionError):
        run(photos, out, engine=breaks)
    assert sorted(line["status"] for line in lines(out).values()) == ["done", "pending", "pending"]
    assert run(photos, out).pending == 2
    assert {line["status"] for line in lines(out).values()} == {"done"}


def test_a_line_that_was_cut_short_is_forgotten(photos: Path, out: Path) -> None:
    run(photos, out)
    text = (out / NAME).read_text()
    (out / NAME).write_text(text[:-20])
    (out / "sub/b.ablc").unlink()
    assert run(photos, out).pending == 1
    assert {line["status"] for line in lines(out).values()} == {"done"}


@pytest.mark.parametrize("text", ["{}\n", "[]\n", "no json\n", '{"status": "done", "x": 1}\n'])
def test_a_manifest_of_something_else_is_refused(photos: Path, out: Path, text: str) -> None:
    out.mkdir()
    (out / NAME).write_text(text)
    with pytest.raises(ValueError, match=r"manifest\.jsonl, line 1, is not of a batch"):
        run(photos, out)
    assert (out / NAME).read_text() == text


def test_a_manifest_cannot_name_targets_elsewhere(photos: Path, out: Path, tmp_path: Path) -> None:
    run(photos, out)
    text = (out / NAME).read_text().replace('"a.ablc"', '"../elsewhere.ablc"')
    (out / NAME).write_text(text)
    run(photos, out, Encoding(settings=EncodeSettings(quality=20)), overwrite=True)
    assert not (tmp_path / "elsewhere.ablc").exists()
    assert lines(out)["a.png"]["target"] == "a.ablc"


def test_a_missing_folder_is_an_error(tmp_path: Path, out: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run(tmp_path / "nowhere", out)
    assert not out.exists()


def test_unknown_filesystems_are_named() -> None:
    with pytest.raises(ValueError, match="nosuch"):
        StorageFolder("nosuch://bucket")


def test_settings_that_write_other_files_have_other_keys() -> None:
    mask = np.zeros((4, 4), np.uint8)
    works = [
        Encoding(),
        Encoding(strip=True),
        Encoding(settings=EncodeSettings(quality=20)),
        Encoding(regions=(ablc.Roi("auto"),)),
        Encoding(regions=(ablc.Roi("auto", 2),)),
        Encoding(regions=(ablc.Roi(mask),)),
        Encoding(regions=(ablc.Roi(mask + 1),)),
        Decoding(),
        Decoding(suffix=".webp"),
        Decoding(settings=DecodeSettings(fill="classical")),
    ]
    assert len({work.key() for work in works}) == len(works)
    assert Encoding(max_pixels=9).key() == Encoding().key()


def test_the_colour_of_invisible_pixels_is_a_setting_that_older_manifests_lack() -> None:
    kept, left, plain = (
        Encoding(settings=EncodeSettings(keep_invisible=keep)) for keep in (True, False, None)
    )
    assert len({kept.key(), left.key(), plain.key()}) == 3
    clear = np.zeros((16, 16, 4), np.uint8)
    clear[::2, :, :3] = 200
    file = io.BytesIO()
    Image.fromarray(clear).save(file, "PNG")
    assert kept.begin()(file.getvalue())[0] == ablc.encode(clear, keep_invisible=True)
    assert plain.begin()(file.getvalue())[0] == left.begin()(file.getvalue())[0]


def test_a_limit_of_no_pixels_is_refused() -> None:
    with pytest.raises(ValueError, match="max_pixels must be a whole number at least 1, not 0"):
        Encoding(max_pixels=0)


def test_a_format_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\.nosuch"):
        Decoding(suffix=".nosuch")


def test_larger_pictures_than_allowed_are_listed(photos: Path, out: Path) -> None:
    run(photos, out, Encoding(max_pixels=100))
    assert {line["error"] for line in lines(out).values()} == {"LimitError"}


@pytest.mark.skipif(os.name == "nt", reason="POSIX pipes")
@pytest.mark.parametrize("where", ["source", "target", "manifest", "link"])
def test_pipes_with_the_names_of_files_stop_nothing(photos: Path, out: Path, where: str) -> None:
    out.mkdir()
    if where == "source":
        os.mkfifo(photos / "pipe.png")
    elif where == "link":
        os.mkfifo(out.parent / "pipe")
        (photos / "pipe.png").symlink_to(out.parent / "pipe")
    elif where == "target":
        picture(photos / "pipe.png")
        os.mkfifo(out / "pipe.ablc")
    else:
        os.mkfifo(out / NAME)
        with pytest.raises(OSError, match="not a regular file"):
            run(photos, out)
        return
    run(photos, out, overwrite=True)
    bad = lines(out)["pipe.png"]
    assert (bad["status"], bad["error"]) == ("failed", "OSError")
    assert "not a regular file" in bad["reason"]
    assert [line["status"] for line in lines(out).values()].count("done") == 3


@pytest.mark.skipif(sys.platform != "linux", reason="names that are not UTF-8")
def test_names_need_not_be_utf8(photos: Path, out: Path) -> None:
    names = [os.fsdecode(b"b\xff.png"), os.fsdecode(b"B\xfe/\xff.png"), "\u5199.png"]
    for name in names:
        picture(photos / name)
    run(photos, out)
    expected = {"a.ablc", "sub/b.ablc", "deep/er/c.ablc"}
    assert written(out) == expected | {name.replace(".png", ".ablc") for name in names}
    assert {line["status"] for line in lines(out).values()} == {"done"}
    assert run(photos, out).pending == 0


@pytest.mark.parametrize("name", ["a::b", "zip::b", "x::y::z"])
def test_colons_are_part_of_a_folder_name(tmp_path: Path, name: str) -> None:
    source, target = tmp_path / name, tmp_path / f"{name}-out"
    try:
        picture(source / "a.png")
    except OSError:
        pytest.skip("this filesystem has no colons in names")
    run(source, target)
    assert written(target) == {"a.ablc"}
    assert split_pattern(f"{source}/*.png") == (str(source), "*.png")


def test_chains_of_urls_are_still_opened(photos: Path, out: Path) -> None:
    with zipfile.ZipFile(photos / "all.zip", "w") as archive:
        archive.write(photos / "a.png", "inside/a.png")
    run(f"zip::{photos}/all.zip", out)
    assert written(out) == {"inside/a.ablc"}


def test_file_urls_are_decoded(tmp_path: Path) -> None:
    picture(tmp_path / "my photos" / "a b.png")
    picture(tmp_path / "as%20is" / "c.png")
    base = tmp_path.as_uri()
    run(f"{base}/my%20photos", f"{base}/out%20one")
    assert written(tmp_path / "out one") == {"a b.ablc"}
    run(f"{base}/as%20is", f"{base}/out")
    assert written(tmp_path / "out") == {"c.ablc"}
    folder, pattern = split_pattern(f"{base}/my%20photos/a%20*.png")
    assert (Path(folder), pattern) == (tmp_path / "my photos", "a *.png")


class Slashes(MemoryFileSystem):
    """Lists keys with // as s3fs does: a folder whose name is that of its parent and a slash."""

    protocol = "slashes"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return str(MemoryFileSystem._strip_protocol(path.removeprefix("slashes://")))

    def ls(self, path: str, detail: bool = True, **options: Any) -> list[Any]:
        infos = super().ls(path.rstrip("/"), detail=True, **options)
        if not path.rstrip("/").endswith("sub"):
            infos.append({"name": f"{path.rstrip('/')}/", "size": 0, "type": "directory"})
            infos.append({"name": f"{path.rstrip('/')}/", "size": 0, "type": "file"})
        return infos if detail else [info["name"] for info in infos]


def test_a_key_with_two_slashes_is_listed_and_the_others_are_converted(
    photos: Path, out: Path
) -> None:
    register_implementation("slashes", Slashes, clobber=True)
    store = Slashes()
    for name in ("a.png", "sub/b.png"):
        store.pipe(f"/in/{name}", (photos / name).read_bytes())
    run("slashes:///in", out)
    assert written(out) == {"a.ablc", "sub/b.ablc"}
    failed = [line for line in lines(out).values() if line["status"] == "failed"]
    assert [line["source"] for line in failed] == ["slashes:///in//"]
    assert "//" in failed[0]["reason"]


class Unreachable(MemoryFileSystem):
    """Raises what a library of an object store raises, which is no OSError."""

    protocol = "unreachable"

    def info(self, path: str, **_: Any) -> Any:
        raise RuntimeError(f"could not connect to the endpoint of {path}")

    def _open(self, path: str, *_: Any, **__: Any) -> Any:
        raise FileNotFoundError("the specified bucket does not exist")


def test_a_store_that_cannot_be_reached_is_an_error_with_its_name(photos: Path, out: Path) -> None:
    register_implementation("unreachable", Unreachable, clobber=True)
    for folders in (("unreachable:///in", out), (photos, "unreachable:///out")):
        with pytest.raises(OSError, match=r"could not connect .*unreachable:///"):
            run(*folders)
    with pytest.raises(FileNotFoundError) as caught:
        StorageFolder("unreachable:///out").write("a", b"")
    assert caught.value.filename == "unreachable:///out/a"
    assert caught.value.strerror == "the specified bucket does not exist"


@pytest.mark.skipif(os.name == "nt", reason="POSIX locks")
def test_two_batches_do_not_write_to_one_folder(photos: Path, out: Path, tmp_path: Path) -> None:
    class Second(Kept):
        def advance(self, entry: Entry) -> None:
            super().advance(entry)
            with pytest.raises(ValueError, match="another batch writes to"):
                run(photos / "sub", out)

    first = run(photos, out, kept=Second())
    assert first.summary.done == 3
    assert {line["status"] for line in lines(out).values()} == {"done"}
    assert run(photos / "sub", tmp_path / "other").summary.done == 1
    assert run(photos, out).pending == 0


def test_two_batches_on_one_folder_of_an_object_store_are_noticed(photos: Path) -> None:
    target = f"memory://{uuid.uuid4()}"

    class Second(Kept):
        def advance(self, entry: Entry) -> None:
            super().advance(entry)
            if len(self.ended) == 1:
                run(photos / "sub", target)

    with pytest.raises(ValueError, match="another batch writes to"):
        run(photos, target, kept=Second())


def test_streams_name_their_painter_and_a_missing_one_is_noted() -> None:
    """Once in a process, as for any other decoder."""
    file = io.BytesIO()
    Image.fromarray(scene(32, 40)).save(file, "PNG")
    encode = Encoding(settings=EncodeSettings(quality=20, paint="fill-small:0.5")).begin()
    stream, notes = encode(file.getvalue())
    assert stream == ablc.encode(scene(32, 40), quality=20, paint="fill-small:0.5")
    assert notes == ()
    decode = Decoding(settings=DecodeSettings()).begin()
    first, again = decode(stream), decode(stream)
    assert ["painted without a network" in note for note in first[1]] == [True]
    assert again == (first[0], ())


def test_settings_of_painting_leave_the_keys_of_old_manifests_alone() -> None:
    assert Encoding().key() != Encoding(settings=EncodeSettings(paint="fill-small")).key()
    assert Decoding().key() != Decoding(settings=DecodeSettings(strength=0.5)).key()
