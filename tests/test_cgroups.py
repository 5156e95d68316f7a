"""The quota of processors that a control group sets."""

from pathlib import Path

import pytest

from ablc import settings
from ablc.cgroups import cpu_quota

UNIFIED, LEGACY = "0::/app/web\n", "5:memory:/m\n4:cpu,cpuacct:/docker/1f\n0::/\n"


def groups(root: Path, own: str, **files: str) -> Path:
    """Return a folder with the groups of a process, and files with "__" for "/" in their names."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(own)
    for name, text in files.items():
        path = root / "sys/fs/cgroup" / name.replace("__", "/").replace("_max", ".max")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("text", "quota"),
    [("200000 100000\n", 2), ("150000 100000", 2), ("20000 100000", 1), ("max 100000", None)],
)
def test_version_2_has_the_quota_in_one_file(tmp_path: Path, text: str, quota: int | None) -> None:
    assert cpu_quota(groups(tmp_path, UNIFIED, app__web__cpu_max=text)) == quota


def test_the_least_quota_of_all_groups_around_counts(tmp_path: Path) -> None:
    files = {"app__web__cpu_max": "800000 100000", "app__cpu_max": "300000 100000"}
    assert cpu_quota(groups(tmp_path, UNIFIED, **files)) == 3


def test_a_container_sees_its_group_as_the_root(tmp_path: Path) -> None:
    assert cpu_quota(groups(tmp_path, "0::/\n", cpu_max="400000 100000")) == 4


@pytest.mark.parametrize("folder", ["cpu,cpuacct", "cpu,cpuacct/docker/1f", "cpu"])
@pytest.mark.parametrize(("microseconds", "quota"), [("250000", 3), ("-1", None)])
def test_version_1_has_it_in_two(
    tmp_path: Path, folder: str, microseconds: str, quota: int | None
) -> None:
    place = tmp_path / "sys/fs/cgroup" / folder
    place.mkdir(parents=True)
    (place / "cpu.cfs_quota_us").write_text(microseconds)
    (place / "cpu.cfs_period_us").write_text("100000\n")
    assert cpu_quota(groups(tmp_path, LEGACY)) == quota


def test_without_groups_there_is_no_quota(tmp_path: Path) -> None:
    assert cpu_quota(tmp_path) is None
    assert cpu_quota(groups(tmp_path / "a", UNIFIED)) is None
    assert cpu_quota(groups(tmp_path / "b", UNIFIED, app__web__cpu_max="rubbish")) is None


def test_cores_are_those_of_the_quota(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: range(64), raising=False)
    for quota, cores in ((None, 64), (3, 3), (100, 64)):
        monkeypatch.setattr(settings, "cpu_quota", lambda quota=quota: quota)
        assert settings.cores() == cores
