"""Training of N, from fidelity to looks."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ablc.export import data, losses, nets
from ablc.export.data import Sample
from ablc.export.tasks.base import TrainingTask
from ablc.export.teachers import Lpips

TOLD = 0.5  # share of the crops of which N learns the texture


class FillNetworks(nn.Module):
    """N."""

    def __init__(self, preset: nets.Preset) -> None:
        super().__init__()
        self.fill = nets.Fill(preset)


class FillTask(TrainingTask[FillNetworks]):
    """N, on pairs of pictures before and after the codec."""

    sample = staticmethod(data.coded)
    crop, batch = 128, 8

    def __init__(self, preset: nets.Preset, weights: dict[str, float], folder: Path | None) -> None:
        lpips = {"lpips": Lpips(folder, "squeeze")} if weights.get("lpips") and folder else {}
        aids = nn.ModuleDict({"critic": nets.Critic(preset)} if weights.get("adversarial") else {})
        super().__init__(FillNetworks(preset), aids, weights, lpips)

    def loss(self, batch: Sample, step: int) -> dict[str, Tensor]:
        y = batch["picture"]
        told = torch.rand(len(y), 1, 1, 1, device=y.device) < TOLD
        looks = self._looks(y)
        x = _run(self.trained.fill, batch, looks, told)
        faithful = 1 - looks
        terms = {
            "pixel": losses.charbonnier(x.float(), y),
            "ssim": (faithful * (1 - losses.ssim(x, y))).mean(),
            "squared": (faithful * (x.float() - y).square().mean((1, 2, 3))).mean(),
        }
        if self.teachers:
            terms["lpips"] = (looks * self.teachers["lpips"](x, y)).mean()
        if self.critic is not None:
            self._judged = y, x
            scores = self._realness(x).mean((1, 2, 3))
            terms["adversarial"] = -(looks * scores).mean()
        return terms

    def _looks(self, y: Tensor) -> Tensor:
        """Return each crop's input looks, (B,): 0 in all of them if nothing judges looks."""
        if not self.teachers and self.critic is None:
            return torch.zeros(len(y), device=y.device)
        return (torch.rand(len(y), device=y.device) * 1.5 - 0.25).clamp(0, 1)

    def shown(self, batch: Sample) -> list[Tensor]:
        kept = F.interpolate(batch["kept"], scale_factor=8.0).expand(-1, 3, -1, -1)
        painted = [self._painted(batch, looks) for looks in self._ends()]
        return [batch["picture"], batch["decoded"], *painted, kept]

    def measures(self, batch: Sample) -> dict[str, float]:
        measures = {}
        for name, looks in zip(("", "looks_"), self._ends(), strict=False):
            x = self._painted(batch, looks).clamp(0, 1)
            gains = self._gains(batch["decoded"], x, batch["picture"])
            measures |= {name + key: value for key, value in gains.items()}
        return measures

    def _ends(self) -> tuple[float, ...]:
        return (0.0, 1.0) if self.teachers else (0.0,)

    def _painted(self, batch: Sample, looks: float) -> Tensor:
        """Return the averaged network's pictures, with texture where looks are asked for."""
        y = batch["picture"]
        told = torch.full((len(y), 1, 1, 1), looks > 0, device=y.device)
        return _run(self.averaged.fill, batch, y.new_full((len(y),), looks), told)


def _run(net: nets.Fill, batch: Sample, looks: Tensor, told: Tensor) -> Tensor:
    """Return N's pictures of a batch. looks: (B,); told: (B, 1, 1, 1), who knows the texture."""
    texture = torch.where(told, batch["texture"], -1.0)
    maps = looks[:, None, None, None].expand_as(batch["kept"])
    painted: Tensor = net(batch["decoded"], batch["kept"], batch["step"], texture, maps)
    return painted
