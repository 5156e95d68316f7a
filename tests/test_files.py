"""Files appear complete or not at all."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ablc import _core, files


def test_what_is_written_is_read(tmp_path: Path) -> None:
    files.write(str(tmp_path / "a"), b"new")
    files.write(str(tmp_path / "a"), b"newer")
    assert files.read(str(tmp_path / "a")) == b"newer"
    assert os.listdir(tmp_path) == ["a"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "a"
    old.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        files.write(str(old), b"new")
    assert old.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_a_missing_folder_is_named_as_the_caller_did(tmp_path: Path) -> None:
    name = str(tmp_path / "nowhere" / "a")
    with pytest.raises(FileNotFoundError) as caught:
        files.write(name, b"")
    assert caught.value.filename == name


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions, links and pipes")
def test_permissions_and_links_stay(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_bytes(b"old")
    real.chmod(0o640)
    link.symlink_to(real)
    files.write(str(link), b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    umask = os.umask(0o027)
    try:
        files.write(str(tmp_path / "fresh"), b"")
    finally:
        os.umask(umask)
    assert stat.S_IMODE((tmp_path / "fresh").stat().st_mode) == 0o640


@pytest.mark.skipif(os.name == "nt", reason="POSIX devices")
def test_devices_are_written_in_place() -> None:
    files.write(os.devnull, b"gone")
    assert not stat.S_ISREG(os.stat(os.devnull).st_mode)


@pytest.mark.skipif(os.name == "nt", reason="POSIX descriptors")
@pytest.mark.parametrize("kind", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link"])
def test_names_of_descriptors_neither_truncate_nor_replace_the_file_behind(
    tmp_path: Path, kind: str
) -> None:
    if kind == "link":
        (tmp_path / "link").symlink_to("/dev/stdout")
    elif not os.path.exists(kind):
        pytest.skip(f"no {kind}")
    log = tmp_path / "log"
    log.write_bytes(b"before ")
    code = f"print('said', end=' '); from ablc import files; files.write({kind!r}, b'new')"
    with log.open("ab") as out:
        subprocess.run([sys.executable, "-c", code], stdout=out, check=True, cwd=tmp_path)
    assert log.read_bytes() == b"before said new"


@pytest.mark.skipif(os.name == "nt", reason="POSIX pipes")
def test_pipes_are_written_by_the_names_of_their_descriptors() -> None:
    reading, writing = os.pipe()
    files.write(f"/dev/fd/{writing}", b"new")
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        assert pipe.read() == b"new"


@pytest.mark.parametrize("letter", ["a", "\u00e9", "\u5199"])
def test_names_may_have_255_bytes(tmp_path: Path, letter: str) -> None:
    name = letter * (255 // len(letter.encode()))
    try:
        (tmp_path / name).touch()
    except OSError:
        pytest.skip("this filesystem has shorter names")
    files.write(str(tmp_path / name), b"new")
    assert (tmp_path / name).read_bytes() == b"new"
    assert os.listdir(tmp_path) == [name]


@pytest.mark.skipif(sys.platform != "linux", reason="names that are not UTF-8")
def test_names_need_not_be_utf8(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff" * 255)
    files.write(str(tmp_path / name), b"new")
    assert os.listdir(tmp_path) == [name]


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
@pytest.mark.parametrize("old", [b"", b"a much longer old content"])
def test_a_file_in_a_folder_that_takes_no_others_is_written_in_place(
    tmp_path: Path, old: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "a"
    target.write_bytes(old)
    number = target.stat().st_ino
    real = Path.open

    def refuse(path: Path, mode: str = "r", *rest: object, **named: object) -> object:
        if "x" in mode:  # root may write into any folder
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, mode, *rest, **named)  # type: ignore[arg-type, call-overload]

    monkeypatch.setattr(Path, "open", refuse)
    files.write(str(target), b"new")
    assert target.read_bytes() == b"new"
    assert target.stat().st_ino == number
    with pytest.raises(PermissionError) as caught:
        files.write(str(tmp_path / "fresh"), b"new")
    assert caught.value.filename == str(tmp_path / "fresh")
    with pytest.raises(RuntimeError), files.replacing(str(target)) as file:  # noqa: PT012
        file.write(b"half")
        raise RuntimeError
    assert target.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs Linux's unshare")
def test_a_single_mounted_file_is_written_in_place(tmp_path: Path) -> None:
    target = tmp_path / "a"
    target.write_bytes(b"old content")
    write = f"from ablc import files; files.write({str(target)!r}, b'new')"
    script = f"""mount --bind '{target}' '{target}' || exit 77; exec "$PYTHON" -c "{write}" """
    ended = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", script],
        cwd=tmp_path,  # outside the checkout
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        check=False,
    )
    if ended.returncode in (1, 77) and b"Traceback" not in ended.stderr:
        pytest.skip("mounts are forbidden here")
    assert ended.returncode == 0, ended.stderr
    assert target.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a"]


def test_temporaries_are_removed_on_request(tmp_path: Path) -> None:
    with pytest.raises(OSError), files.replacing(str(tmp_path / "a")) as file:  # noqa: PT011, PT012
        file.write(b"half")
        assert len(os.listdir(tmp_path)) == 1
        _core.remove_temporaries()
        assert os.listdir(tmp_path) == []
