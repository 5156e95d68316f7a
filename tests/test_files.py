"""Files appear complete or not at all."""

import os
import stat
from pathlib import Path

import pytest

from ablc import files


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
