"""Training of N, for fidelity or for looks."""

from pathlib import Path

from torch import Tensor, nn
from torch.nn import functional as F

from ablc.export import data, losses, nets
from ablc.export.data import Sample
from ablc.export.tasks.base import TrainingTask
from ablc.export.teachers import Lpips


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
        x = self.trained.fill(batch["decoded"], batch["kept"], batch["step"])
        y = batch["picture"]
        terms = {"pixel": losses.charbonnier(x.float(), y), "ssim": 1 - losses.ssim(x, y).mean()}
        if self.weights.get("squared"):
            terms["squared"] = (x.float() - y).square().mean()
        return terms | self._lpips(x, y) | self._against_critic(y, x)

    def shown(self, batch: Sample) -> list[Tensor]:
        x = self.averaged.fill(batch["decoded"], batch["kept"], batch["step"])
        kept = F.interpolate(batch["kept"], scale_factor=8.0).expand(-1, 3, -1, -1)
        return [batch["picture"], batch["decoded"], x, kept]

    def measures(self, batch: Sample) -> dict[str, float]:
        x = self.averaged.fill(batch["decoded"], batch["kept"], batch["step"]).clamp(0, 1)
        return self._gains(batch["decoded"], x, batch["picture"])
