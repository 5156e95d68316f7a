"""The share of processors that a container's control group (cgroup) grants, on Linux.

`docker run --cpus`, Kubernetes' limits and systemd's CPUQuota set a quota, which the list of
processors that a process may run on does not show.
"""

import functools
import math
from pathlib import Path

GROUPS = "proc/self/cgroup"  # number:controllers:path of each hierarchy; 0::path is version 2
MOUNTS = Path("sys/fs/cgroup")


@functools.cache
def cpu_quota(root: Path = Path("/")) -> int | None:
    """Return the least number of processors that hold the quota, at least 1; None: no quota.

    root: the folder that has proc and sys. The quota is read once.
    """
    shares = [share for folder in _folders(root) if (share := _share(folder)) is not None]
    return max(math.ceil(min(shares)), 1) if shares else None


def _folders(root: Path) -> list[Path]:
    """Return the folders of the groups of this process and of all groups around them."""
    folders: list[Path] = []
    for line in (_text(root / GROUPS) or "").splitlines():
        number, controllers, path = line.split(":", 2)
        if number == "0" and not controllers:
            mounts = [root / MOUNTS, root / MOUNTS / "unified"]
        elif "cpu" in controllers.split(","):
            mounts = [root / MOUNTS / controllers, root / MOUNTS / "cpu"]
        else:
            continue
        # Inside a container the path may be that of the host, but its group is the mount itself.
        inner = Path(path.lstrip("/"))
        folders += [mount / part for mount in mounts for part in (inner, *inner.parents)]
    return folders


def _share(folder: Path) -> float | None:
    """Return the processors that one group grants; None if it sets no quota."""
    if text := _text(folder / "cpu.max"):  # version 2
        quota, period = (*text.split(), "100000")[:2]
    else:
        quota = _text(folder / "cpu.cfs_quota_us") or "-1"
        period = _text(folder / "cpu.cfs_period_us") or "100000"
    try:
        share = int(quota) / int(period)
    except (ValueError, ZeroDivisionError):  # "max"
        return None
    return share if share > 0 else None


def _text(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except (OSError, ValueError):
        return None
