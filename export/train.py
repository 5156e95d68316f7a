"""The training loop: one task (ablc.export.tasks) on photographs, resumable, within a budget.

Everything a run leaves is in its folder: checkpoint.pt to go on from, log.csv with a row every few
seconds, sheet-*.png with samples of the averaged networks beside what they should look like.
"""

import csv
import math
import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn

from ablc.export import tasks
from ablc.export.data import CUT, Photographs, Pool, Sample, Samples

CHECKPOINT = "checkpoint.pt"
HELD_OUT = 0.04  # share of the pictures that only measure
HELD_SAMPLES = 24
AVERAGE = 0.998  # of the moving average of weights, per step, once warm
WARM = 100  # steps until the learning rate is at its peak
FLOOR = 0.02  # of the learning rate at the end, as a share of the peak
LARGEST_GRADIENT = 1.0  # norm beyond which gradients are scaled down
LOOK_EVERY = 20  # steps between looks at the loss: each waits for the device


class TrainingError(RuntimeError):
    """Training cannot go on; the text names the last good checkpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is trained, on what, for how long. At least one of minutes and steps bounds it."""

    task: str
    preset: str = "small"
    out: Path
    minutes: float | None = None
    steps: int | None = None
    batch: int | None = None  # None: the task's own
    crop: int | None = None  # pixels, a multiple of 32; None: the task's own
    rate: float | None = None  # peak learning rate; None: the task's own
    weights: Mapping[str, float] = field(default_factory=dict)  # of loss terms
    teachers: Path | None = None  # folder of their weights
    licence: str = "not stated"  # terms of the pictures, for the model card
    start: Path | None = None  # checkpoint whose networks are the start, of the same architecture
    seed: int = 0
    workers: int = 1  # processes that cut, code and decode
    pool: int = 768  # samples kept at hand
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
        """Share of the budget that is spent, 0..1."""
        shares = [step / self.steps if self.steps else 0.0]
        shares += [seconds / 60 / self.minutes] if self.minutes else []
        return min(max(shares), 1.0)


@dataclass(slots=True)
class State:
    """How far training is; what a checkpoint holds beside networks and optimisers."""

    step: int = 0
    seconds: float = 0.0
    pictures: int = 0  # crops seen
    last: dict[str, float] = field(default_factory=dict)  # measures at the last checkpoint
    earlier: list[dict[str, Any]] = field(default_factory=list)  # runs that led to the start


def device_of(name: str) -> torch.device:
    """auto is CUDA where there is one. Raises ValueError for a device that does not work."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        torch.empty(1, device=name)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"device {name!r} does not work: {error}") from error
    return torch.device(name)


def machine(device: torch.device) -> str:
    """What trains: the GPU, or the processor with its threads."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.processor() or platform.machine()
    return f"{name}, {torch.get_num_threads()} threads"


def learning_rate(step: int, progress: float) -> float:
    """Share of the peak: a short rise, then half a cosine down to FLOOR."""
    fall = FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * progress))
    return min((step + 1) / WARM, 1.0) * fall


def train(plan: Plan, photographs: Photographs) -> State:
    """Trains until the budget is spent, from the folder's checkpoint if there is one.

    Raises TrainingError if the loss is no number any more, ValueError if a checkpoint is of
    another task or architecture.
    """
    device = device_of(plan.device)
    torch.manual_seed(plan.seed)
    task = tasks.make(plan.task, plan.preset, plan.teachers, plan.weights)
    state = State()
    if plan.start is not None:
        start = read_networks(plan.start, task.trained)
        state.earlier = [*start["earlier"], run_of(start)]
        task.averaged.load_state_dict(task.trained.state_dict())
    task.devise(lambda m: m.to(device=device, memory_format=torch.channels_last))
    optimisers = _optimisers(task, plan.rate or task.rate)
    plan.out.mkdir(parents=True, exist_ok=True)
    if (plan.out / CHECKPOINT).exists():
        state = resume(plan.out / CHECKPOINT, plan, task, optimisers)
    learnt, held = _split(photographs, plan.seed)
    pool = Pool(
        Samples(learnt, task.sample, seed=plan.seed + state.step, turned=task.turned),
        size=plan.pool,
        workers=plan.workers,
        device=device,
    )
    measured = _held_out(held, task, device)
    if plan.compiled if plan.compiled is not None else device.type == "cuda":
        task.devise(nn.Module.compile)
    _loop(plan, task, optimisers, state, pool, measured, photographs.sources)
    return state


def _loop(
    plan: Plan,
    task: tasks.Task,
    optimisers: dict[str, torch.optim.Optimizer],
    state: State,
    pool: Pool,
    measured: Sample,
    sources: dict[str, int],
) -> None:
    device = measured["picture"].device
    batch, crop = plan.batch or task.batch, plan.crop or task.crop
    begun, saved = time.monotonic() - state.seconds, time.monotonic()
    sums: dict[str, Tensor] = {}
    owed = 0.0  # fresh samples, in fractions
    pool.refresh(min(plan.pool, 4 * batch))
    with _bar(plan) as show, _log(plan.out) as log:
        while (spent := plan.progress(state.step, state.seconds)) < 1:
            for optimiser in optimisers.values():
                for group in optimiser.param_groups:
                    group["lr"] = group["peak"] * learning_rate(state.step, spent)
            owed += plan.fresh * batch
            pool.refresh(int(owed))
            owed -= int(owed)
            with torch.autocast(device.type, torch.bfloat16, enabled=plan.bf16):
                terms = _step(task, optimisers, pool.batch(batch, crop), state.step)
            _average(task, state.step)
            for name, value in terms.items():
                sums[name] = sums.get(name, torch.zeros((), device=device)) + value.detach()
            state.step += 1
            state.pictures += batch
            state.seconds = time.monotonic() - begun
            if state.step % LOOK_EVERY == 0:
                means = {name: float(value) / LOOK_EVERY for name, value in sums.items()}
                sums = {}
                if not all(map(math.isfinite, means.values())):
                    _stop(plan, state, means)
                log(state, means)
                show(plan.progress(state.step, state.seconds), state, means)
                if time.monotonic() - saved > plan.save_every:
                    _save(plan, task, optimisers, state, measured, sources)
                    saved = time.monotonic()
    if not all(torch.isfinite(p).all() for p in task.trained.parameters()):
        _stop(plan, state, {})
    _save(plan, task, optimisers, state, measured, sources)


def _step(
    task: tasks.Task, optimisers: dict[str, torch.optim.Optimizer], batch: Sample, step: int
) -> dict[str, Tensor]:
    """One update of the networks, and of the critic where there is one. The terms, unweighted."""
    critic = task.critic
    if critic is not None:
        critic.requires_grad_(False)
    terms = task.loss(batch, step)
    total = torch.stack([task.weights[name] * value.float() for name, value in terms.items()]).sum()
    _update(optimisers["networks"], total)
    if critic is not None:
        critic.requires_grad_(True)
        loss = task.critic_loss(step)
        if loss is not None:
            _update(optimisers["critic"], loss)
            terms["critic"] = loss
    return terms | {"total": total}


def _update(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    nn.utils.clip_grad_norm_(parameters, LARGEST_GRADIENT)
    optimiser.step()


def _optimisers(task: tasks.Task, rate: float) -> dict[str, torch.optim.Optimizer]:
    """Adam for the networks with their adapters, another for the critic."""
    aids = [p for name, aid in task.aids.items() if name != "critic" for p in aid.parameters()]
    groups = {"networks": [*task.trained.parameters(), *aids]}
    betas = {"networks": (0.9, 0.99), "critic": (0.5, 0.99)}
    if "critic" in task.aids:
        groups["critic"] = list(task.aids["critic"].parameters())
    return {
        name: torch.optim.Adam(
            [{"params": parameters, "lr": rate, "peak": rate}], betas=betas[name], fused=True
        )
        for name, parameters in groups.items()
    }


def _average(task: tasks.Task, step: int) -> None:
    """Moves the averaged networks towards the trained ones; fast at first."""
    share = 1 - min(AVERAGE, (step + 1) / (step + 10))
    averaged, trained = list(task.averaged.parameters()), list(task.trained.parameters())
    with torch.no_grad():
        torch._foreach_lerp_(averaged, trained, share)


def _split(photographs: Photographs, seed: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Pictures to learn from and pictures held out, at least one each if there are two."""
    pictures = photographs.pictures
    order = np.random.default_rng(seed).permutation(len(pictures))
    count = max(1, round(HELD_OUT * len(pictures))) if len(pictures) > 1 else 0
    held = [pictures[i] for i in order[:count]]
    return [pictures[i] for i in order[count:]], held or pictures


def _held_out(pictures: Sequence[np.ndarray], task: tasks.Task, device: torch.device) -> Sample:
    """The same HELD_SAMPLES samples in every run: whole cuts."""
    samples = Samples(pictures, task.sample, seed=1, turned=task.turned)
    pool = Pool(samples, size=HELD_SAMPLES, workers=0, device=device)
    pool.refresh(HELD_SAMPLES - 1)
    return pool.all()


def _stop(plan: Plan, state: State, means: Mapping[str, float]) -> None:
    bad = (
        ", ".join(f"{name} is {value}" for name, value in means.items()) or "weights are not finite"
    )
    path = plan.out / CHECKPOINT
    good = f"the last good checkpoint is {path}" if path.exists() else "there is no checkpoint yet"
    raise TrainingError(f"training broke down before step {state.step} ({bad}); {good}")


def _save(
    plan: Plan,
    task: tasks.Task,
    optimisers: Mapping[str, torch.optim.Optimizer],
    state: State,
    measured: Sample,
    sources: Mapping[str, int],
) -> None:
    """Measures, then writes checkpoint and sheet; never half a checkpoint."""
    bf16 = torch.autocast(measured["picture"].device.type, torch.bfloat16, enabled=plan.bf16)
    with torch.no_grad(), bf16:
        state.last = task.measures(measured)
        sheet = _sheet([column[:8] for column in task.shown(measured)])
    kept = {
        "task": plan.task,
        "preset": plan.preset,
        "plan": {
            "weights": task.weights,
            "batch": plan.batch or task.batch,
            "crop": plan.crop or task.crop,
            "rate": plan.rate or task.rate,
            "seed": plan.seed,
        },
        "earlier": state.earlier,
        "data": {"pictures": sources, "licence": plan.licence},
        "machine": machine(measured["picture"].device),
        "step": state.step,
        "seconds": state.seconds,
        "pictures": state.pictures,
        "measures": state.last,
        "trained": task.trained.state_dict(),
        "averaged": task.averaged.state_dict(),
        "aids": task.aids.state_dict(),
        "optimisers": {name: o.state_dict() for name, o in optimisers.items()},
    }
    path = plan.out / CHECKPOINT
    fresh = path.with_suffix(".new")
    torch.save(kept, fresh)
    fresh.replace(path)
    sheet.save(plan.out / f"sheet-{state.step:07d}.png")
    with (plan.out / "measures.csv").open("a", newline="") as file:
        writer = csv.writer(file)
        if file.tell() == 0:
            writer.writerow(["step", "seconds", *state.last])
        values = (f"{value:.5f}" for value in state.last.values())
        writer.writerow([state.step, f"{state.seconds:.0f}", *values])


def _sheet(columns: Sequence[Tensor]) -> Image.Image:
    """Rows of pictures side by side."""
    rows = torch.cat([c.float().clamp(0, 1) for c in columns], 3)  # (B, 3, H, columns W)
    grid = (rows.permute(0, 2, 3, 1).flatten(0, 1) * 255).round().to(torch.uint8)
    return Image.fromarray(grid.cpu().numpy())


def read(path: Path) -> dict[str, Any]:
    """A checkpoint's content. Raises ValueError if the file is none; runs no code from it."""
    try:
        kept = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises a dozen kinds, down to pickle's
        raise ValueError(f"{path} is no checkpoint: {error}") from error
    if not isinstance(kept, dict) or "averaged" not in kept or "preset" not in kept:
        raise ValueError(f"{path} is no checkpoint of this trainer")
    return kept


def run_of(kept: dict[str, Any]) -> dict[str, Any]:
    """What a model card says of the run that left a checkpoint: command, steps, minutes."""
    plan = kept["plan"]
    options = {"preset": kept["preset"], **{name: plan[name] for name in ("batch", "crop", "rate")}}
    settings = " ".join(f"--{name} {value}" for name, value in options.items())
    return {
        "command": f"python -m ablc.export train {kept['task']} {settings}",
        "steps": kept["step"],
        "minutes": round(kept["seconds"] / 60, 1),
    }


def read_networks(path: Path, into: nn.ModuleDict) -> dict[str, Any]:
    """Loads the averaged networks of a checkpoint. Raises ValueError for another architecture."""
    kept = read(path)
    _load(path, into, kept["averaged"])
    return kept


def slim(path: Path, out: Path) -> None:
    """Writes what --start and the export need of a checkpoint: averaged networks as float16."""
    kept = read(path)
    averaged = {name: value.half() for name, value in kept["averaged"].items()}
    rest = {name: kept[name] for name in kept.keys() - {"trained", "aids", "optimisers"}}
    out.parent.mkdir(parents=True, exist_ok=True)
    torch.save({**rest, "averaged": averaged}, out)


def resume(
    path: Path, plan: Plan, task: tasks.Task, optimisers: Mapping[str, torch.optim.Optimizer]
) -> State:
    """Puts task and optimisers where the checkpoint left them."""
    kept = read(path)
    for name in ("task", "preset"):
        if kept[name] != getattr(plan, name):
            raise ValueError(f"{path} is of {name} {kept[name]}, not {getattr(plan, name)}")
    for name in ("trained", "averaged", "aids"):
        _load(path, getattr(task, name), kept[name])
    for name, optimiser in optimisers.items():
        peaks = [group["peak"] for group in optimiser.param_groups]
        optimiser.load_state_dict(kept["optimisers"][name])
        for group, peak in zip(optimiser.param_groups, peaks, strict=True):
            group["peak"] = peak
    return State(kept["step"], kept["seconds"], kept["pictures"], kept["measures"], kept["earlier"])


def _load(path: Path, module: nn.Module, weights: Mapping[str, Tensor]) -> None:
    try:
        module.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(f"{path} holds another architecture: {error}") from error


@contextmanager
def _log(folder: Path) -> Iterator:
    """A function that adds a row of the terms' means to log.csv."""
    with (folder / "log.csv").open("a", newline="", buffering=1) as file:
        writer = csv.writer(file)

        def add(state: State, means: Mapping[str, float]) -> None:
            if file.tell() == 0:
                writer.writerow(["step", "seconds", "pictures", *means])
            values = (f"{value:.5f}" for value in means.values())
            writer.writerow([state.step, f"{state.seconds:.1f}", state.pictures, *values])

        yield add


@contextmanager
def _bar(plan: Plan) -> Iterator:
    """A function that moves a progress bar; silent in a pipe."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.fields[note]}")) as bar:
        line = bar.add_task(plan.task, total=1.0, note="")

        def show(progress: float, state: State, means: Mapping[str, float]) -> None:
            speed = state.pictures / max(state.seconds, 1e-9)
            note = f"step {state.step}, loss {means['total']:.4f}, {speed:.0f} crops/s"
            bar.update(line, completed=progress, note=note)

        yield show
