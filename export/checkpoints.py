"""Checkpoints of training runs: read, loaded into networks, reduced to the networks.

A checkpoint is a file of torch.save with plain values and tensors alone: "task", "preset", "plan"
(weights of the loss terms, batch, crop, rate, seed), "earlier" (runs that led to the start),
"data", "machine", "step", "seconds", "pictures", "measures", and the states of "trained",
"averaged", "aids" and "optimisers".
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

CHECKPOINT = "checkpoint.pt"  # name of the file in the folder of a run


def read(path: Path) -> dict[str, Any]:
    """Return the content of a checkpoint. Runs no code from the file.

    Raises ValueError if the file is not a checkpoint.
    """
    try:
        kept = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises a dozen kinds, down to pickle's
        raise ValueError(f"{path} is no checkpoint: {error}") from error
    if not isinstance(kept, dict) or "averaged" not in kept or "preset" not in kept:
        raise ValueError(f"{path} is no checkpoint of this trainer")
    return kept


def write(kept: Mapping[str, Any], path: Path) -> None:
    """Write a checkpoint; an earlier one is replaced as a whole, or stays."""
    fresh = path.with_suffix(".new")
    torch.save(kept, fresh)
    fresh.replace(path)


def run_of(kept: dict[str, Any]) -> dict[str, Any]:
    """Return a model card's data about the run that left a checkpoint: command, steps, minutes."""
    plan = kept["plan"]
    options = {"preset": kept["preset"], **{name: plan[name] for name in ("batch", "crop", "rate")}}
    settings = " ".join(f"--{name} {value}" for name, value in options.items())
    return {
        "command": f"python -m ablc.export train {kept['task']} {settings}",
        "steps": kept["step"],
        "minutes": round(kept["seconds"] / 60, 1),
    }


def read_networks(path: Path, into: nn.Module) -> dict[str, Any]:
    """Load the averaged networks of a checkpoint, and return its content.

    Raises ValueError for another architecture.
    """
    kept = read(path)
    load(path, into, kept["averaged"])
    return kept


def load(path: Path, module: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Load the weights that a checkpoint holds for a module.

    Raises ValueError, which names the path, for another architecture.
    """
    try:
        module.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(f"{path} holds another architecture: {error}") from error


def slim(path: Path, out: Path) -> None:
    """Write the part of a checkpoint that --start and the export need: averages as float16."""
    kept = read(path)
    averaged = {name: value.half() for name, value in kept["averaged"].items()}
    rest = {name: kept[name] for name in kept.keys() - {"trained", "aids", "optimisers"}}
    out.parent.mkdir(parents=True, exist_ok=True)
    torch.save({**rest, "averaged": averaged}, out)
