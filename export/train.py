"""The training loop: one task (ablc.export.tasks) on photographs, resumable, within a budget.

A run leaves in its folder checkpoint.pt, from which it continues, log.csv with the losses every few
seconds, measures.csv with measures on held-out samples, and sheet-*.png with samples of the
averaged networks beside the originals.
"""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ablc.arrays import Pixels
from ablc.export import checkpoints, run_files, tasks
from ablc.export.checkpoints import CHECKPOINT
from ablc.export.data import Photographs, Sample, SamplePool, Samples
from ablc.export.tasks.base import AnyTask
from ablc.export.training_plan import (
    TrainingError,
    TrainingPlan,
    TrainingState,
    device_of,
    machine,
)

HELD_OUT = 0.04  # share of the pictures that only measure
HELD_SAMPLES = 24
SHEET_ROWS = 8  # samples on a sheet
AVERAGE = 0.998  # of the moving average of weights, per training step, once warm
WARM = 100  # training steps until the learning rate is at its peak
FLOOR = 0.02  # of the learning rate at the end, as a share of the peak
LARGEST_GRADIENT = 1.0  # norm beyond which gradients are scaled down
LOOK_EVERY = 20  # training steps between looks at the loss: each look waits for the device


def learning_rate(step: int, progress: float) -> float:
    """Return the share of the peak: a short rise, then half a cosine down to FLOOR."""
    fall = FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * progress))
    return min((step + 1) / WARM, 1.0) * fall


def train(plan: TrainingPlan, photographs: Photographs) -> TrainingState:
    """Train until the budget is spent, from the folder's checkpoint if there is one.

    Raises TrainingError if the loss or a weight is not finite, ValueError if a checkpoint is of
    another task or architecture.
    """
    device = device_of(plan.device)
    torch.manual_seed(plan.seed)
    task = tasks.make(plan.task, plan.preset, plan.teachers, plan.weights)
    state = TrainingState()
    if plan.start is not None:
        start = checkpoints.read_networks(plan.start, task.trained)
        state.earlier = [*start["earlier"], checkpoints.run_of(start)]
        task.averaged.load_state_dict(task.trained.state_dict())
    task.apply(lambda m: _moved(m, device))
    optimisers = _optimisers(task, plan.rate or task.rate)
    plan.out.mkdir(parents=True, exist_ok=True)
    if (plan.out / CHECKPOINT).exists():
        state = resume(plan.out / CHECKPOINT, plan, task, optimisers)
    learnt, held = _split(photographs, plan.seed)
    pool = SamplePool(
        Samples(learnt, task.sample, seed=plan.seed + state.step, turned=task.turned),
        size=plan.pool,
        workers=plan.workers,
        device=device,
    )
    measured = _held_out(held, task, device)
    if plan.compiled if plan.compiled is not None else device.type == "cuda":
        task.apply(nn.Module.compile)
    _Run(plan, task, optimisers, state, pool, measured, photographs.sources).loop()
    return state


def _moved(module: nn.Module, device: torch.device) -> nn.Module:
    """Move a module to a device, its weights in channels-last order."""
    moved: nn.Module = module.to(  # type: ignore[call-overload]  # torch's own stub lacks it
        device=device, memory_format=torch.channels_last
    )
    return moved


def resume(
    path: Path,
    plan: TrainingPlan,
    task: AnyTask,
    optimisers: Mapping[str, torch.optim.Optimizer],
) -> TrainingState:
    """Put task and optimisers in the state of a checkpoint.

    Raises ValueError if it is of another task, preset or architecture.
    """
    kept = checkpoints.read(path)
    for name in ("task", "preset"):
        if kept[name] != getattr(plan, name):
            raise ValueError(f"{path} is of {name} {kept[name]}, not {getattr(plan, name)}")
    for name in ("trained", "averaged", "aids"):
        checkpoints.load(path, getattr(task, name), kept[name])
    for name, optimiser in optimisers.items():
        peaks = [group["peak"] for group in optimiser.param_groups]
        optimiser.load_state_dict(kept["optimisers"][name])
        for group, peak in zip(optimiser.param_groups, peaks, strict=True):
            group["peak"] = peak
    return TrainingState(
        kept["step"], kept["seconds"], kept["pictures"], kept["measures"], kept["earlier"]
    )


@dataclass(slots=True)
class _Run:
    """A run of the loop."""

    plan: TrainingPlan
    task: AnyTask
    optimisers: dict[str, torch.optim.Optimizer]
    state: TrainingState
    pool: SamplePool
    measured: Sample  # held-out samples
    sources: dict[str, int]  # of the pictures, for the model card
    sums: dict[str, Tensor] = field(default_factory=dict)  # of the terms since the last look

    def loop(self) -> None:
        """Train until the budget is spent."""
        plan, state = self.plan, self.state
        batch = plan.batch or self.task.batch
        begun, saved = time.monotonic() - state.seconds, time.monotonic()
        owed = 0.0  # fresh samples, in fractions
        self.pool.refresh(min(plan.pool, 4 * batch))
        with run_files.progress_bar(plan.task) as show:
            while (spent := plan.progress(state.step, state.seconds)) < 1:
                self._set_rates(learning_rate(state.step, spent))
                owed += plan.fresh * batch
                self.pool.refresh(int(owed))
                owed -= int(owed)
                self._step(self.pool.batch(batch, plan.crop or self.task.crop))
                state.step += 1
                state.pictures += batch
                state.seconds = time.monotonic() - begun
                if state.step % LOOK_EVERY == 0:
                    show(*self._look())
                    if time.monotonic() - saved > plan.save_every:
                        self._save()
                        saved = time.monotonic()
        if not all(torch.isfinite(p).all() for p in self.task.trained.parameters()):
            self._stop({})
        self._save()

    def _set_rates(self, share: float) -> None:
        for optimiser in self.optimisers.values():
            for group in optimiser.param_groups:
                group["lr"] = group["peak"] * share

    def _step(self, batch: Sample) -> None:
        """Train on one batch, average the networks, and add the terms to the sums."""
        device = self.measured["picture"].device
        with torch.autocast(device.type, torch.bfloat16, enabled=self.plan.bf16):
            terms = _step(self.task, self.optimisers, batch, self.state.step)
        _average(self.task, self.state.step)
        for name, value in terms.items():
            self.sums[name] = self.sums.get(name, torch.zeros((), device=device)) + value.detach()

    def _look(self) -> tuple[float, str]:
        """Log the means of the terms since the last look; return progress and a note on it."""
        state = self.state
        means = {name: float(value) / LOOK_EVERY for name, value in self.sums.items()}
        self.sums = {}
        if not all(map(math.isfinite, means.values())):
            self._stop(means)
        row = {
            "step": str(state.step),
            "seconds": f"{state.seconds:.1f}",
            "pictures": str(state.pictures),
            **{name: f"{value:.5f}" for name, value in means.items()},
        }
        run_files.add_row(self.plan.out / "log.csv", row)
        speed = state.pictures / max(state.seconds, 1e-9)
        note = f"step {state.step}, loss {means['total']:.4f}, {speed:.0f} crops/s"
        return self.plan.progress(state.step, state.seconds), note

    def _stop(self, means: Mapping[str, float]) -> None:
        """Raise TrainingError for terms, or weights, that are not finite."""
        terms = ", ".join(f"{name} is {value}" for name, value in means.items())
        path = self.plan.out / CHECKPOINT
        good = "there is no checkpoint yet"
        if path.exists():
            good = f"the last good checkpoint is {path}"
        raise TrainingError(
            f"training broke down before step {self.state.step} "
            f"({terms or 'weights are not finite'}); {good}"
        )

    def _save(self) -> None:
        """Measure, then write checkpoint, sheet and measures."""
        plan, task, state = self.plan, self.task, self.state
        device = self.measured["picture"].device
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=plan.bf16):
            state.last = task.measures(self.measured)
            columns = [column[:SHEET_ROWS] for column in task.shown(self.measured)]
        checkpoints.write(self._content(), plan.out / CHECKPOINT)
        run_files.sheet(columns).save(plan.out / f"sheet-{state.step:07d}.png")
        row = {
            "step": str(state.step),
            "seconds": f"{state.seconds:.0f}",
            **{name: f"{value:.5f}" for name, value in state.last.items()},
        }
        run_files.add_row(plan.out / "measures.csv", row)

    def _content(self) -> dict[str, Any]:
        """Return the content of a checkpoint."""
        plan, task, state = self.plan, self.task, self.state
        return {
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
            "data": {"pictures": self.sources, "licence": plan.licence},
            "machine": machine(self.measured["picture"].device),
            "step": state.step,
            "seconds": state.seconds,
            "pictures": state.pictures,
            "measures": state.last,
            "trained": task.trained.state_dict(),
            "averaged": task.averaged.state_dict(),
            "aids": task.aids.state_dict(),
            "optimisers": {name: o.state_dict() for name, o in self.optimisers.items()},
        }


def _step(
    task: AnyTask, optimisers: dict[str, torch.optim.Optimizer], batch: Sample, step: int
) -> dict[str, Tensor]:
    """Train the networks on one batch, and the critic if there is one; return unweighted terms."""
    critic = task.critic
    if critic is not None:
        critic.requires_grad_(False)
    terms = task.loss(batch, step)
    total = torch.stack([task.weights[name] * value.float() for name, value in terms.items()]).sum()
    _descend(optimisers["networks"], total)
    if critic is not None:
        critic.requires_grad_(True)
        loss = task.critic_loss(step)
        if loss is not None:
            _descend(optimisers["critic"], loss)
            terms["critic"] = loss
    return terms | {"total": total}


def _descend(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    """Change an optimiser's parameters once to lower a loss."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    nn.utils.clip_grad_norm_(parameters, LARGEST_GRADIENT)
    optimiser.step()


def _optimisers(task: AnyTask, rate: float) -> dict[str, torch.optim.Optimizer]:
    """Return Adam for the networks with their adapters, and another for the critic."""
    aids = [p for name, aid in task.aids.items() if name != "critic" for p in aid.parameters()]
    groups = {"networks": [*task.trained.parameters(), *aids]}
    betas = {"networks": (0.9, 0.99), "critic": (0.5, 0.99)}
    if task.critic is not None:
        groups["critic"] = list(task.critic.parameters())
    return {
        name: torch.optim.Adam(
            [{"params": parameters, "lr": rate, "peak": rate}], betas=betas[name], fused=True
        )
        for name, parameters in groups.items()
    }


def _average(task: AnyTask, step: int) -> None:
    """Move the averaged networks towards the trained ones, fast at first."""
    share = 1 - min(AVERAGE, (step + 1) / (step + 10))
    averaged: list[Tensor] = list(task.averaged.parameters())
    trained: list[Tensor] = list(task.trained.parameters())
    with torch.no_grad():
        torch._foreach_lerp_(averaged, trained, share)


def _split(photographs: Photographs, seed: int) -> tuple[list[Pixels], list[Pixels]]:
    """Return pictures to learn from and pictures held out, at least one each if there are two."""
    pictures = photographs.pictures
    order = np.random.default_rng(seed).permutation(len(pictures))
    count = max(1, round(HELD_OUT * len(pictures))) if len(pictures) > 1 else 0
    held = [pictures[i] for i in order[:count]]
    return [pictures[i] for i in order[count:]], held or pictures


def _held_out(pictures: Sequence[Pixels], task: AnyTask, device: torch.device) -> Sample:
    """Return HELD_SAMPLES samples, whole cuts, the same in every run."""
    samples = Samples(pictures, task.sample, seed=1, turned=task.turned)
    pool = SamplePool(samples, size=HELD_SAMPLES, workers=0, device=device)
    pool.refresh(HELD_SAMPLES - 1)
    return pool.all()
