"""Training of E and G."""

from pathlib import Path

import torch
from torch import Tensor, nn

from ablc.export import losses, nets
from ablc.export.data import Sample
from ablc.export.tasks.base import TrainingTask, hint, psnr, required
from ablc.export.teachers import AlexNet, Lpips

TRANSMITTED = 0.25  # half a quantisation step of h in a stream; noise in training


class EncoderAndGenerator(nn.Module):
    """E and G."""

    def __init__(self, preset: nets.Preset) -> None:
        super().__init__()
        self.encoder = nets.LatentEncoder(preset)
        self.generator = nets.Generator(preset)


class LatentTask(TrainingTask[EncoderAndGenerator]):
    """E and G together.

    The averaged E judges G's pictures in h1 and h, so that E cannot adapt to G's mistakes.
    """

    rate = 7e-4

    def __init__(self, preset: nets.Preset, weights: dict[str, float], folder: Path | None) -> None:
        folder = required(folder)
        self._alexnet = AlexNet(folder)
        teachers: dict[str, nn.Module] = {"alexnet": self._alexnet}
        if weights.get("lpips"):
            teachers["lpips"] = Lpips(folder, "squeeze")
        aids = nn.ModuleDict({"adapter": nn.Conv2d(preset.encoder_widths[2], AlexNet.WIDTHS[4], 1)})
        if weights.get("adversarial"):
            aids["critic"] = nets.Critic(preset)
        super().__init__(EncoderAndGenerator(preset), aids, weights, teachers)

    def loss(self, batch: Sample, step: int) -> dict[str, Tensor]:
        y = batch["picture"]
        encoder, judge = self.trained.encoder, self.averaged.encoder
        with torch.no_grad():
            imitated = self._alexnet.features(y)[4]
            target_h1 = judge.h1(y)
            target_h = judge.e2(target_h1)
        h1 = encoder.h1(y)
        h = encoder.e2(h1)
        x = self.trained.generator(h + (2 * torch.rand_like(h) - 1) * TRANSMITTED)
        made_h1 = judge.h1(x)
        terms = {
            "imitation": hint(self.aids["adapter"](h1), imitated),
            "scale": (h.float().square().mean((0, 2, 3)) - 1).square().mean(),
            "pixel": losses.charbonnier(x.float(), y),
            "ssim": 1 - losses.ssim(x, y).mean(),
            "h1": losses.feature_matching([made_h1], [target_h1]),
            "h": losses.feature_matching([judge.e2(made_h1)], [target_h]),
        }
        return terms | self._lpips(x, y) | self._against_critic(y, x)

    def shown(self, batch: Sample) -> list[Tensor]:
        y = batch["picture"]
        return [y, self.averaged.generator(self.averaged.encoder(y))]

    def measures(self, batch: Sample) -> dict[str, float]:
        y = batch["picture"]
        h = self.averaged.encoder(y)
        x = self.averaged.generator(h).clamp(0, 1)
        again = self.averaged.encoder(x)
        return {
            "psnr": psnr(x, y),
            "ssim": float(losses.ssim(x, y).mean()),
            "h_rms": float(h.float().square().mean().sqrt()),
            "h_error": float(losses.feature_matching([again], [h])),
        }
