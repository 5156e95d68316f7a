"""`ablc batch` on processes of this machine: results, messages, and processes that die."""

import json
import multiprocessing
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

import ablc
from ablc.cli.main import main

pytest.importorskip("fsspec", reason="fsspec is not installed: pip install 'ablc[batch]'")

from ablc.batch import local_engine, progress
from ablc.batch.manifest import NAME, Entry
from ablc.batch.work import Encoding
from batches import Hungry, Kept, lines, picture, run, written
from plugins import plugins

__all__ = ["plugins"]  # a fixture

LOCAL = partial(local_engine.run, processes=2)
COMMAND = [sys.executable, "-c", "from ablc.cli.main import main; main()", "batch"]
PATIENCE = 60.0  # seconds for what takes one


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of 20 pictures, 00.png to 19.png, three of them broken."""
    folder = tmp_path / "photos"
    for number in range(20):
        picture(folder / f"{number:02}.png", seed=number)
    (folder / "03.png").write_bytes(b"")
    (folder / "07.png").write_bytes(b"no picture")
    (folder / "11.png").write_bytes((folder / "12.png").read_bytes()[:200])
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def command(*arguments: Path | str) -> int:
    """Return the exit code of ablc batch."""
    with pytest.raises(SystemExit) as ended:
        main(["batch", *map(str, arguments)])
    return int(ended.value.code or 0)


def statuses(out: Path) -> dict[str, str]:
    return {name: line["status"] for name, line in lines(out).items()}


def wait_for_done(out: Path, program: subprocess.Popen[str]) -> None:
    """Return when the journal lists a converted file."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and program.poll() is None:
        if (out / NAME).exists() and '"done"' in (out / NAME).read_text():
            return
        time.sleep(0.02)
    raise AssertionError(f"no file was done; exit code {program.poll()}")


def children(parent: int) -> set[int]:
    """Return the ids of the processes that a process has started, from /proc."""
    pids = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = status.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if int(after_name[1]) == parent and after_name[0] != "Z":
            pids.add(int(status.parent.name))
    return pids


def test_one_command_codes_a_folder_and_names_what_failed(
    photos: Path, out: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert command(photos, out, "-q", "30", "--jobs", "2") == 1
    output = capfd.readouterr()
    assert "written   17" in output.out
    assert "failed    3" in output.out
    for name in ("03.png", "07.png", "11.png"):
        assert f"{photos / name}: " in output.err
        assert statuses(out)[name] == "failed"
    assert len(written(out)) == 17
    assert command(photos, out, "-q", "30", "--jobs", "2") == 1
    assert "unchanged  17" in capfd.readouterr().out


def test_one_command_decodes_a_folder(photos: Path, out: Path, tmp_path: Path) -> None:
    assert command(f"{photos}/0[0-2].png", out, "--jobs", "1") == 0
    back = tmp_path / "back"
    assert command(out, back, "--to", "webp", "--fill", "classical", "--jobs", "2") == 0
    assert written(back) == {"00.webp", "01.webp", "02.webp"}


def test_a_log_gets_lines_and_a_terminal_a_bar(
    photos: Path, out: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "PAUSE", 0.0)
    assert command(f"{photos}/0[0-4].png", out, "--jobs", "1") == 1
    assert "ablc: encoded 5 of 5 files, 1 failed" in capfd.readouterr().err
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    assert command(f"{photos}/0[0-4].png", out, "--jobs", "1", "--retry-failed") == 1
    output = capfd.readouterr().err
    assert "1/1" in output
    assert "1 failed" in output


def test_an_empty_folder_is_done_at_once(tmp_path: Path, out: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert command(tmp_path / "empty", out) == 0


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--to", "png", "--quality", "30"], "--quality applies only with --to ablc"),
        (["--fill", "net"], "--fill applies only with a --to other than ablc"),
        (["--to", "nosuch"], "with the extension .nosuch"),
        (["--quality", "30", "--bpp", "1"], "quality and bpp exclude each other"),
        (["--to", "png", "--gpus", "1"], "--gpus applies only with --engine ray"),
        (["--lossless-roi"], "--lossless-roi needs a region"),
        (["--roi", "nosuch"], "--roi nosuch"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_written(
    photos: Path,
    out: Path,
    options: list[str],
    complaint: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert command(photos, out, *options) == 2
    assert complaint in capfd.readouterr().err
    assert not out.exists()


def test_wrong_folders_are_refused(
    photos: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert command(tmp_path / "nowhere", tmp_path / "out") == 2
    assert "nowhere: no such folder" in capfd.readouterr().err
    assert command(photos, photos / "00.png") == 2
    assert command(photos, "nosuch://bucket") == 2


def test_a_picture_that_kills_its_process_is_listed_and_the_rest_goes_on(
    photos: Path, out: Path, plugins: Path
) -> None:
    picture(photos / "05.png", first=255)
    run(photos, out, Encoding(regions=(ablc.Roi("lethal"),)), engine=LOCAL)
    entries = lines(out)
    assert entries["05.png"]["error"] == "ProcessDied"
    failed = {name for name, line in entries.items() if line["status"] == "failed"}
    assert failed == {"03.png", "05.png", "07.png", "11.png"}
    assert len(written(out)) == 16


def test_a_picture_whose_process_dies_is_tried_once_more(
    photos: Path, out: Path, plugins: Path
) -> None:
    picture(photos / "05.png", first=254)
    kept = run(photos, out, Encoding(regions=(ablc.Roi("lethal"),)), engine=LOCAL)
    assert (plugins / "killed").exists()
    assert statuses(out)["05.png"] == "done"
    assert sorted(Path(entry.source).name for entry in kept.ended) == sorted(lines(out))


def test_a_file_for_which_memory_is_short_is_tried_once_more_and_listed(
    tmp_path: Path, out: Path
) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files/a.png").write_bytes(b"ab")
    (tmp_path / "files/b.png").write_bytes(b"abc")
    run(tmp_path / "files", out, Hungry(notes=str(tmp_path / "tries")), engine=LOCAL)
    assert (tmp_path / "tries").read_bytes() == b"xx"
    assert lines(out)["a.png"]["error"] == "MemoryError"
    assert (out / "b.ablc").read_bytes() == b"abc"


def test_processes_that_are_killed_are_replaced(photos: Path, out: Path, plugins: Path) -> None:
    class Killer(Kept):
        def advance(self, entry: Entry) -> None:
            super().advance(entry)
            if len(self.ended) in (4, 8):
                for child in multiprocessing.active_children():
                    child.kill()

    killer = Killer()
    run(photos, out, Encoding(regions=(ablc.Roi("slow"),)), engine=LOCAL, kept=killer)
    failed = {name for name, status in statuses(out).items() if status == "failed"}
    assert failed == {"03.png", "07.png", "11.png"}
    assert len(killer.ended) == 20
    assert len(written(out)) == 17


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
def test_an_interrupted_run_ends_its_processes_and_goes_on_later(
    photos: Path, out: Path, plugins: Path
) -> None:
    arguments = [*COMMAND, str(photos), str(out), "--roi", "slow", "--jobs", "2"]
    with subprocess.Popen(arguments, cwd="/", text=True, stderr=subprocess.PIPE) as program:
        wait_for_done(out, program)
        program.send_signal(signal.SIGINT)
        _, errors = program.communicate(timeout=PATIENCE)
    assert program.returncode == 130
    assert "interrupted" in errors
    by_name = statuses(out)
    assert len(by_name) == 20
    done = {f"{Path(name).stem}.ablc" for name, status in by_name.items() if status == "done"}
    assert 0 < len(done) < 17
    assert done <= written(out)  # one may be complete, although its process was ended
    assert all(name.endswith(".ablc") for name in written(out))
    ended = subprocess.run(arguments, cwd="/", check=False, timeout=PATIENCE)
    assert ended.returncode == 1
    assert len(written(out)) == 17


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc to look into")
def test_a_run_that_is_killed_takes_its_processes_along_and_goes_on_later(
    photos: Path, out: Path, plugins: Path
) -> None:
    arguments = [*COMMAND, str(photos), str(out), "--roi", "slow", "--jobs", "2"]
    with subprocess.Popen(arguments, cwd="/", text=True, stderr=subprocess.DEVNULL) as program:
        wait_for_done(out, program)
        workers = children(program.pid)
        assert workers
        program.kill()
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and any(Path(f"/proc/{pid}").exists() for pid in workers):
        time.sleep(0.02)
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]
    entries = [
        json.loads(line) for line in (out / NAME).read_text().splitlines() if line[-1:] == "}"
    ]
    assert {Path(line["source"]).name for line in entries} == {f"{i:02}.png" for i in range(20)}
    ended = subprocess.run(arguments, cwd="/", check=False, timeout=PATIENCE)
    assert ended.returncode == 1
    assert sorted(statuses(out).values()) == ["done"] * 17 + ["failed"] * 3
    for path in out.glob("*.ablc"):
        assert ablc.inspect(path.read_bytes()).checksum_ok
