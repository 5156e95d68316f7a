"""Training tasks: one for each network, or for networks that are only useful together.

    fill              N: absolute and squared error and SSIM for fidelity; LPIPS of SqueezeNet and a
                      critic for looks, where the input asks for them
    condition         C, which imitates SqueezeNet's scores and features
    latent            E and G: E1 imitates AlexNet; G inverts E with losses in x, h1 and h and
                      against a critic, as in PPGN (arXiv:1612.00005, noiseless joint PPGN-h)
    stage2            S: a picture from its quarter and SqueezeNet's classes, against a critic that
                      knows them too, as in StackGAN (arXiv:1612.03242)

A task holds the networks to train, aids that are discarded afterwards (critic, adapters) and frozen
teachers. It has default loss weights, which the caller may change; squared error, LPIPS and critic
are not computed if their weight is 0.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from ablc.export import nets
from ablc.export.tasks.base import AnyTask
from ablc.export.tasks.condition import ConditionNetworks, ConditionTask
from ablc.export.tasks.fill import FillNetworks, FillTask
from ablc.export.tasks.latent import EncoderAndGenerator, LatentTask
from ablc.export.tasks.stage2 import Stage2Networks, Stage2Task


@dataclass(frozen=True, slots=True)
class Recipe:
    """The class of a task, its networks and its loss weights."""

    task: Callable[[nets.Preset, dict[str, float], Path | None], AnyTask]
    networks: Callable[[nets.Preset], nn.Module]
    weights: dict[str, float]


RECIPES = {
    "fill": Recipe(
        FillTask,
        FillNetworks,
        {
            "pixel": 0.3,
            "squared": 12.0,
            "ssim": 0.25,
            "lpips": 0.0,
            "adversarial": 0.0,
            "r1": 10.0,
        },
    ),
    "condition": Recipe(
        ConditionTask, ConditionNetworks, {"scores": 0.2, "map": 2.0, "features": 1.0}
    ),
    "latent": Recipe(
        LatentTask,
        EncoderAndGenerator,
        {
            "imitation": 0.2,
            "scale": 0.05,
            "pixel": 1.0,
            "ssim": 0.1,
            "h1": 0.02,
            "h": 0.02,
            "lpips": 0.1,
            "adversarial": 0.0,
            "r1": 10.0,
        },
    ),
    "stage2": Recipe(
        Stage2Task, Stage2Networks, {"pixel": 1.0, "lpips": 0.1, "adversarial": 0.0, "r1": 10.0}
    ),
}


def make(
    name: str, preset: str, folder: Path | None, weights: Mapping[str, float] | None = None
) -> AnyTask:
    """Return the task of that name with fresh networks.

    folder: of the teachers' weights. weights: of loss terms, in place of the recipe's.
    Raises ValueError for an unknown name, preset or loss term.
    """
    if name not in RECIPES:
        raise ValueError(f"task must be one of {', '.join(RECIPES)}, not {name!r}")
    if preset not in nets.PRESETS:
        raise ValueError(f"preset must be one of {', '.join(nets.PRESETS)}, not {preset!r}")
    recipe = RECIPES[name]
    unknown = set(weights or {}) - set(recipe.weights)
    if unknown:
        known = ", ".join(recipe.weights)
        raise ValueError(f"{name} has no loss term {', '.join(unknown)}; it has {known}")
    return recipe.task(nets.PRESETS[preset], recipe.weights | dict(weights or {}), folder)
