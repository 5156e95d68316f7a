"""What all training tasks share: the networks, how they are judged, the critic."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from torch import Tensor, nn
from torch.nn import functional as F

from ablc.export import data, losses
from ablc.export.data import Sample

Networks = TypeVar("Networks", bound=nn.Module)

R1_EVERY = 16  # training steps from one gradient penalty to the next, weighted up (StyleGAN2)


@dataclass
class TrainingTask(Generic[Networks]):
    """Networks and how they are judged.

    Networks is a module whose children are the networks to train: their names are the roles of the
    exported models and stand in checkpoints.
    """

    trained: Networks  # the result
    aids: nn.ModuleDict  # modules that only training needs, by name
    weights: dict[str, float]  # of the loss terms
    teachers: Mapping[str, nn.Module] = field(default_factory=dict)
    sample = staticmethod(data.alone)  # makes a sample of a cut
    turned = True  # whether samples are turned by 90 degrees at random
    crop, batch = 128, 16  # defaults: side of a crop in pixels, crops in a batch
    rate = 1e-3  # Adam's, at its peak

    def __post_init__(self) -> None:
        self.averaged = deepcopy(self.trained).requires_grad_(False).eval()

    def apply(self, change: Callable[[nn.Module], object]) -> None:
        """Apply a change, such as a move to another device, to every module."""
        modules: list[nn.Module] = [self.trained, self.aids, self.averaged]
        for module in (*modules, *self.teachers.values()):
            change(module)

    @property
    def critic(self) -> nn.Module | None:
        """D; None without an adversarial term."""
        return self.aids["critic"] if "critic" in self.aids else None  # noqa: SIM401 (not a dict)

    def loss(self, batch: Sample, step: int) -> dict[str, Tensor]:
        """Return the terms by the names in weights, unweighted."""
        raise NotImplementedError

    def critic_loss(self, step: int) -> Tensor | None:
        """Return the critic's loss on the pictures of the last loss(); None without a critic."""
        if self.critic is None:
            return None
        real, made = self._judged
        loss = losses.hinge_critic(self._realness(real), self._realness(made.detach()))
        if step % R1_EVERY == 0:
            penalty = losses.r1(self._realness, real)
            loss = loss + self.weights["r1"] * R1_EVERY * penalty
        return loss

    def _against_critic(self, real: Tensor, made: Tensor) -> dict[str, Tensor]:
        """Return the adversarial term, and keep both pictures for critic_loss()."""
        if self.critic is None:
            return {}
        self._judged = real, made
        return {"adversarial": losses.hinge_generator(self._realness(made))}

    def _realness(self, x: Tensor) -> Tensor:
        """Return the critic's scores."""
        return self.aids["critic"](x)

    def _lpips(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        """Return the term "lpips", the mean distance of two batches; empty without its teacher."""
        lpips = self.teachers.get("lpips")
        return {} if lpips is None else {"lpips": lpips(x, y).mean()}

    def shown(self, batch: Sample) -> list[Tensor]:
        """Return the columns of a sample sheet, pictures (B, 3, H, W) each, by the averages."""
        raise NotImplementedError

    def measures(self, batch: Sample) -> dict[str, float]:
        """Return measures of the averaged networks on held-out samples."""
        raise NotImplementedError

    def _gains(self, before: Tensor, after: Tensor, y: Tensor) -> dict[str, float]:
        """Return PSNR in dB, and by how much PSNR, SSIM and LPIPS improve from before to after."""
        gains = {
            "psnr": psnr(after, y),
            "psnr_gain": psnr(after, y) - psnr(before, y),
            "ssim_gain": float((losses.ssim(after, y) - losses.ssim(before, y)).mean()),
        }
        if "lpips" in self.teachers:
            ratio = self._lpips(after, y)["lpips"] / self._lpips(before, y)["lpips"]
            gains["lpips_ratio"] = float(ratio)
        return gains


AnyTask = TrainingTask[Any]


def psnr(x: Tensor, y: Tensor) -> float:
    """Return the mean PSNR of the pictures of two batches, dB."""
    squared = (x.clamp(0, 1).float() - y).square().mean((1, 2, 3)).clamp_min(1e-10)
    return float(-10 * squared.log10().mean())


def hint(features: Tensor, teacher_map: Tensor) -> Tensor:
    """Return feature matching with a teacher's map (FitNets, arXiv:1412.6550), resized to ours."""
    target = F.interpolate(teacher_map.float(), features.shape[2:], mode="bilinear")
    return losses.feature_matching([features.float()], [target])


def required(folder: Path | None) -> Path:
    """Return the folder of the teachers' weights. Raises ValueError without one."""
    if folder is None:
        raise ValueError(
            "this task learns from a teacher: name the folder of its weights (--teachers)"
        )
    return folder
