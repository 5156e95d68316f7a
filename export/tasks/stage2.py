"""Training of S."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ablc.export import data, losses
from ablc.export.data import Sample
from ablc.export.layers import depth_to_space
from ablc.export.nets import Preset
from ablc.export.stage2 import LabelCritic, Stage2
from ablc.export.tasks.base import TrainingTask, required
from ablc.export.teachers import Lpips, SqueezeNet
from ablc.runtime.assistance import CLASSES_MOST


class Stage2Networks(nn.Module):
    """S."""

    def __init__(self, preset: Preset) -> None:
        super().__init__()
        self.stage2 = Stage2(preset)


class Stage2Task(TrainingTask[Stage2Networks]):
    """S, on pairs of pictures and their decoded versions with a quarter of the sides.

    The label is SqueezeNet's, reduced to as many classes as a stream names. At random it is the
    likeliest class alone, as a caption would give it, or empty.
    """

    sample = staticmethod(data.reduced)
    turned = False
    crop, batch = 192, 4  # a crop in which a label can be seen
    rate = 7e-4
    SINGLE, EMPTY = 0.3, 0.1  # shares of the crops whose label is one class, and is empty

    def __init__(self, preset: Preset, weights: dict[str, float], folder: Path | None) -> None:
        folder = required(folder)
        self._squeezenet = SqueezeNet(folder)
        teachers: dict[str, nn.Module] = {"squeezenet": self._squeezenet}
        if weights.get("lpips"):
            teachers["lpips"] = Lpips(folder, "squeeze")
        critic = {"critic": LabelCritic(preset)} if weights.get("adversarial") else {}
        super().__init__(Stage2Networks(preset), nn.ModuleDict(critic), weights, teachers)

    def label(self, picture: Tensor) -> Tensor:
        """Return (B, 1000) shares of the likeliest classes."""
        with torch.no_grad():
            shares = self._squeezenet.logits(picture).float().softmax(1)
        best, which = shares.topk(CLASSES_MOST, 1)
        return torch.zeros_like(shares).scatter(1, which, best)

    def _random_label(self, picture: Tensor) -> Tensor:
        """Return (B, 1000) labels as they occur in practice: full, of one class, or empty."""
        label = self.label(picture)
        single = F.one_hot(label.argmax(1), label.shape[1]).to(label)
        draw = torch.rand(len(label), 1, device=label.device)
        return torch.where(draw < self.SINGLE, single, label * (draw < 1 - self.EMPTY))

    def loss(self, batch: Sample, step: int) -> dict[str, Tensor]:
        y = batch["picture"]
        self._label = self._random_label(y)
        x = self.trained.stage2(batch["low"], self._label)
        terms = {"pixel": losses.charbonnier(x.float(), y)}
        return terms | self._lpips(x, y) | self._against_critic(y, x)

    def _realness(self, x: Tensor) -> Tensor:
        return self.aids["critic"](x, self._label)

    def shown(self, batch: Sample) -> list[Tensor]:
        y, low = batch["picture"], batch["low"]
        x = self.averaged.stage2(low, self.label(y))
        return [y, self._interpolated(low), x]

    def measures(self, batch: Sample) -> dict[str, float]:
        y, low = batch["picture"], batch["low"]
        x = self.averaged.stage2(low, self.label(y)).clamp(0, 1)
        return self._gains(self._interpolated(low), x, y)

    def _interpolated(self, low: Tensor) -> Tensor:
        """Return the enlarged pictures to which S adds."""
        net = self.averaged.stage2
        return depth_to_space(net.interpolated(low), net.FACTOR)
