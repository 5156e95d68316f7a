"""What a training run is to do, and how far it is."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from ablc.export.data import CUT


class TrainingError(RuntimeError):
    """Training cannot continue; the message names the last good checkpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan:
    """What is trained, on what, for how long: within minutes, steps or both.

    Raises ValueError for values out of range, or without a budget.
    """

    task: str
    preset: str = "small"
    out: Path
    minutes: float | None = None
    steps: int | None = None
    batch: int | None = None  # None: the task's default
    crop: int | None = None  # pixels, a multiple of 32; None: the task's default
    rate: float | None = None  # peak learning rate; None: the task's default
    weights: Mapping[str, float] = field(default_factory=dict)  # of loss terms
    teachers: Path | None = None  # folder of their weights
    licence: str = "not stated"  # terms of the pictures, for the model card
    start: Path | None = None  # checkpoint whose networks are the start, of the same architecture
    seed: int = 0
    workers: int = 1  # processes that make samples
    pool: int = 768  # samples in memory
    fresh: float = 0.5  # new samples for each crop of a batch
    save_every: float = 120.0  # seconds between checkpoints
    device: str = "auto"
    bf16: bool = True
    compiled: bool | None = None  # None: on CUDA

    def __post_init__(self) -> None:
        if self.minutes is None and self.steps is None:
            raise ValueError("give a budget: minutes, steps or both")
        for name in ("minutes", "steps", "batch", "rate", "pool"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name} must be above 0, not {value}")
        if self.crop is not None and not (self.crop % 32 == 0 and 32 <= self.crop <= CUT):
            raise ValueError(f"crop must be a multiple of 32 up to {CUT}, not {self.crop}")

    def progress(self, step: int, seconds: float) -> float:
        """Return the share of the budget that is spent, 0..1."""
        shares = [step / self.steps if self.steps else 0.0]
        shares += [seconds / 60 / self.minutes] if self.minutes else []
        return min(max(shares), 1.0)


@dataclass(slots=True)
class TrainingState:
    """How far training is; a checkpoint holds it beside networks and optimisers."""

    step: int = 0
    seconds: float = 0.0
    pictures: int = 0  # crops seen
    last: dict[str, float] = field(default_factory=dict)  # measures at the last checkpoint
    earlier: list[dict[str, Any]] = field(default_factory=list)  # runs that led to the start


def device_of(name: str) -> torch.device:
    """Return the device; "auto" is CUDA if there is one.

    Raises ValueError for a device that does not work.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        torch.empty(1, device=name)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"device {name!r} does not work: {error}") from error
    return torch.device(name)


def machine(device: torch.device) -> str:
    """Return the name of the GPU, or of the processor with its threads."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.processor() or platform.machine()
    return f"{name}, {torch.get_num_threads()} threads"
