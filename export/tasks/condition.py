"""Training of C."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ablc.export import losses, nets
from ablc.export.data import Sample
from ablc.export.tasks.base import TrainingTask, hint, required
from ablc.export.teachers import SqueezeNet


class ConditionNetworks(nn.Module):
    """C."""

    def __init__(self, preset: nets.Preset) -> None:
        super().__init__()
        self.condition = nets.Condition(preset)


class ConditionTask(TrainingTask[ConditionNetworks]):
    """C, which imitates SqueezeNet: its scores, their map and, through 1x1 adapters, its features.

    The map, scores at every position before their mean, says far more about each picture than the
    mean.
    """

    turned = False
    crop, batch = 224, 16
    TAPS = (1, 2, 6, 6)  # of the teacher, for F^1 .. F^4

    def __init__(self, preset: nets.Preset, weights: dict[str, float], folder: Path | None) -> None:
        self._teacher = SqueezeNet(required(folder))
        self._adapters = nn.ModuleList(
            nn.Conv2d(width, self._teacher.WIDTHS[tap], 1)
            for width, tap in zip(preset.condition_widths, self.TAPS, strict=True)
        )
        aids = nn.ModuleDict({"adapters": self._adapters})
        teachers = {"squeezenet": self._teacher}
        super().__init__(ConditionNetworks(preset), aids, weights, teachers)

    def loss(self, batch: Sample, step: int) -> dict[str, Tensor]:
        x = batch["picture"]
        with torch.no_grad():
            taps = self._teacher.features(x)
            teacher_map = self._teacher.score_map(taps[-1])
        net = self.trained.condition
        features = net.features(x)
        score_map = net.head(features[-1])
        hints = [
            hint(adapter(f), taps[tap])
            for adapter, f, tap in zip(self._adapters, features, self.TAPS, strict=True)
        ]
        return {
            "scores": losses.distillation(score_map.mean((2, 3)), teacher_map.mean((2, 3))),
            "map": hint(score_map, teacher_map),
            "features": torch.stack(hints).mean(),
        }

    def shown(self, batch: Sample) -> list[Tensor]:
        x = batch["picture"]
        maps = self.averaged.condition.features(x)[:3]
        strength = [f.float().square().mean(1, keepdim=True).sqrt() for f in maps]
        scaled = [s / s.amax((2, 3), keepdim=True) for s in strength]
        return [x, *(F.interpolate(s, x.shape[2:]).expand(-1, 3, -1, -1) for s in scaled)]

    def measures(self, batch: Sample) -> dict[str, float]:
        x = batch["picture"]
        target = self._teacher.logits(x)
        scores, _ = self.averaged.condition(x)
        best = target.argmax(1, keepdim=True)
        return {
            "scores": float(losses.distillation(scores, target)),
            "agree_top1": float((scores.argmax(1, keepdim=True) == best).float().mean()),
            "agree_top5": float((scores.topk(5, 1).indices == best).any(1).float().mean()),
        }
