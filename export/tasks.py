"""What is trained: one task for each network, or for those that only make sense together.

    fill              N for fidelity: absolute and squared error, SSIM
    fill-perceptual   N for looks: LPIPS of SqueezeNet and a critic beside them
    condition         C, which imitates SqueezeNet's scores and features
    latent            E and G: E1 imitates AlexNet; G inverts E with losses in x, h1 and h and
                      against a critic, as in PPGN (arXiv:1612.00005, noiseless joint PPGN-h)
    stage2            S: a picture from its quarter and SqueezeNet's classes, against a critic that
                      knows them too, as in StackGAN (arXiv:1612.03242)

A task holds the networks it trains, the aids that are thrown away afterwards (critic, adapters) and
frozen teachers. Loss weights are the task's own unless the caller sets others; squared error,
LPIPS and critic are not computed if their weight is 0.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ablc.export import data, losses, nets
from ablc.export.data import Sample
from ablc.export.stage2 import LabelCritic, Stage2
from ablc.export.teachers import AlexNet, Lpips, SqueezeNet
from ablc.runtime.assist import CLASSES_MOST

TRANSMITTED = 0.25  # half a quantisation step of h as it may be transmitted; noise in training
R1_EVERY = 16  # steps between gradient penalties, which then count so much more (StyleGAN2)


@dataclass
class Task:
    """Networks and how they are judged."""

    trained: nn.ModuleDict  # what is kept, by name
    aids: nn.ModuleDict  # what only training needs
    weights: dict[str, float]  # of the loss terms
    teachers: Mapping[str, nn.Module] = field(default_factory=dict)
    sample = staticmethod(data.alone)  # what is made of a cut
    turned = True  # whether samples are turned by 90 degrees at random
    crop, batch = 128, 16  # defaults: pixels of a side, crops in a batch
    rate = 1e-3  # Adam's, at its peak

    def __post_init__(self) -> None:
        self.averaged = deepcopy(self.trained).requires_grad_(False).eval()

    def devise(self, change: Callable[[nn.Module], nn.Module]) -> None:
        """Applies a change (moving to a device, say) to every module."""
        for module in (self.trained, self.aids, self.averaged, *self.teachers.values()):
            change(module)

    @staticmethod
    def networks(preset: nets.Preset) -> nn.ModuleDict:
        """Fresh networks to train, by name."""
        raise NotImplementedError

    @property
    def critic(self) -> nn.Module | None:
        """D, if an adversarial term asks for it."""
        return self.aids["critic"] if "critic" in self.aids else None  # noqa: SIM401 (not a dict)

    def loss(self, batch: Sample, step: int) -> dict[str, Tensor]:
        """The terms, unweighted, by the names of weights."""
        raise NotImplementedError

    def critic_loss(self, step: int) -> Tensor | None:
        """What the critic minimises, from the pictures of the last loss(); None without one."""
        critic = self.critic
        if critic is None:
            return None
        real, made = self._shown
        loss = losses.hinge_critic(self._realness(real), self._realness(made.detach()))
        if step % R1_EVERY == 0:
            penalty = losses.r1(self._realness, real)
            loss = loss + self.weights["r1"] * R1_EVERY * penalty
        return loss

    def _against_critic(self, real: Tensor, made: Tensor) -> dict[str, Tensor]:
        """The adversarial term, and note of the pictures for critic_loss()."""
        if self.critic is None:
            return {}
        self._shown = real, made
        return {"adversarial": losses.hinge_generator(self._realness(made))}

    def _realness(self, x: Tensor) -> Tensor:
        """The critic's scores."""
        return self.aids["critic"](x)

    def shown(self, batch: Sample) -> list[Tensor]:
        """Columns of a sample sheet, pictures (B, 3, H, W) each, by the averaged networks."""
        raise NotImplementedError

    def measures(self, batch: Sample) -> dict[str, float]:
        """How the averaged networks do on held-out samples."""
        raise NotImplementedError


def _psnr(x: Tensor, y: Tensor) -> float:
    """Mean over the pictures, dB."""
    squared = (x.clamp(0, 1).float() - y).square().mean((1, 2, 3)).clamp_min(1e-10)
    return float(-10 * squared.log10().mean())


class FillTask(Task):
    """N, on pairs of pictures before and after the codec."""

    sample = staticmethod(data.coded)
    crop, batch = 128, 8

    def __init__(self, preset: nets.Preset, weights: dict[str, float], folder: Path | None) -> None:
        lpips = {"lpips": Lpips(folder, "squeeze")} if weights.get("lpips") and folder else {}
        aids = nn.ModuleDict({"critic": nets.Critic(preset)} if weights.get("adversarial") else {})
        super().__init__(self.networks(preset), aids, weights, lpips)

    @staticmethod
    def networks(preset: nets.Preset) -> nn.ModuleDict:
        return nn.ModuleDict({"fill": nets.Fill(preset)})

    def loss(self, batch: Sample, step: int) -> dict[str, Tensor]:
        x = self.trained["fill"](batch["decoded"], batch["kept"], batch["step"])
        y = batch["picture"]
        terms = {"pixel": losses.charbonnier(x.float(), y), "ssim": 1 - losses.ssim(x, y).mean()}
        if self.weights.get("squared"):
            terms["squared"] = (x.float() - y).square().mean()
        if "lpips" in self.teachers:
            terms["lpips"] = self.teachers["lpips"](x, y).mean()
        return terms | self._against_critic(y, x)

    def shown(self, batch: Sample) -> list[Tensor]:
        x = self.averaged["fill"](batch["decoded"], batch["kept"], batch["step"])
        kept = F.interpolate(batch["kept"], scale_factor=8.0).expand(-1, 3, -1, -1)
        return [batch["picture"], batch["decoded"], x, kept]

    def measures(self, batch: Sample) -> dict[str, float]:
        y, decoded = batch["picture"], batch["decoded"]
        x = self.averaged["fill"](decoded, batch["kept"], batch["step"]).clamp(0, 1)
        found = {
            "psnr": _psnr(x, y),
            "psnr_gain": _psnr(x, y) - _psnr(decoded, y),
            "ssim_gain": float((losses.ssim(x, y) - losses.ssim(decoded, y)).mean()),
        }
        if "lpips" in self.teachers:
            before, after = (self.teachers["lpips"](z, y).mean() for z in (decoded, x))
            found["lpips_ratio"] = float(after / before)
        return found


class ConditionTask(Task):
    """C, from a SqueezeNet: its scores, their map, and, through 1x1 adapters, its features.

    The map, scores at every place before their mean, tells far more of each picture than the mean.
    """

    turned = False
    crop, batch = 224, 16
    TAPS = (1, 2, 6, 6)  # of the teacher's, for F^1 .. F^4

    def __init__(self, preset: nets.Preset, weights: dict[str, float], folder: Path | None) -> None:
        teacher = SqueezeNet(_needed(folder))
        adapters = [
            nn.Conv2d(width, teacher.WIDTHS[tap], 1)
            for width, tap in zip(preset.condition_widths, self.TAPS, strict=True)
        ]
        aids = nn.ModuleDict({"adapters": nn.ModuleList(adapters)})
        super().__init__(self.networks(preset), aids, weights, {"squeezenet": teacher})

    @staticmethod
    def networks(preset: nets.Preset) -> nn.ModuleDict:
        return nn.ModuleDict({"condition": nets.Condition(preset)})

    def loss(self, batch: Sample, step: int) -> dict[str, Tensor]:
        x = batch["picture"]
        teacher = self.teachers["squeezenet"]
        with torch.no_grad():
            taps = teacher.features(x)
            score_map = teacher.score_map(taps[-1])
        net = self.trained["condition"]
        features = net.features(x)
        found = net.head(features[-1])
        hints = [
            _hint(adapter(f), taps[tap])
            for adapter, f, tap in zip(self.aids["adapters"], features, self.TAPS, strict=True)
        ]
        return {
            "scores": losses.distillation(found.mean((2, 3)), score_map.mean((2, 3))),
            "map": _hint(found, score_map),
            "features": torch.stack(hints).mean(),
        }

    def shown(self, batch: Sample) -> list[Tensor]:
        x = batch["picture"]
        maps = self.averaged["condition"].features(x)[:3]
        strength = [f.float().square().mean(1, keepdim=True).sqrt() for f in maps]
        scaled = [s / s.amax((2, 3), keepdim=True) for s in strength]
        return [x, *(F.interpolate(s, x.shape[2:]).expand(-1, 3, -1, -1) for s in scaled)]

    def measures(self, batch: Sample) -> dict[str, float]:
        x = batch["picture"]
        wanted = self.teachers["squeezenet"].logits(x)
        found, _ = self.averaged["condition"](x)
        best = wanted.argmax(1, keepdim=True)
        return {
            "scores": float(losses.distillation(found, wanted)),
            "agree_top1": float((found.argmax(1, keepdim=True) == best).float().mean()),
            "agree_top5": float((found.topk(5, 1).indices == best).any(1).float().mean()),
        }


class LatentTask(Task):
    """E and G together. What G makes is judged in h1 and h by the averaged E, which cannot bend."""

    rate = 7e-4

    def __init__(self, preset: nets.Preset, weights: dict[str, float], folder: Path | None) -> None:
        folder = _needed(folder)
        teachers: dict[str, nn.Module] = {"alexnet": AlexNet(folder)}
        if weights.get("lpips"):
            teachers["lpips"] = Lpips(folder, "squeeze")
        aids = nn.ModuleDict({"adapter": nn.Conv2d(preset.encoder_widths[2], AlexNet.WIDTHS[4], 1)})
        if weights.get("adversarial"):
            aids["critic"] = nets.Critic(preset)
        super().__init__(self.networks(preset), aids, weights, teachers)

    @staticmethod
    def networks(preset: nets.Preset) -> nn.ModuleDict:
        both = {"encoder": nets.Encoder(preset), "generator": nets.Generator(preset)}
        return nn.ModuleDict(both)

    def loss(self, batch: Sample, step: int) -> dict[str, Tensor]:
        y = batch["picture"]
        encoder, judge = self.trained["encoder"], self.averaged["encoder"]
        with torch.no_grad():
            imitated = self.teachers["alexnet"].features(y)[4]
            wanted_h1 = judge.h1(y)
            wanted_h = judge.e2(wanted_h1)
        h1 = encoder.h1(y)
        h = encoder.e2(h1)
        x = self.trained["generator"](h + (2 * torch.rand_like(h) - 1) * TRANSMITTED)
        found_h1 = judge.h1(x)
        terms = {
            "imitation": _hint(self.aids["adapter"](h1), imitated),
            "scale": (h.float().square().mean((0, 2, 3)) - 1).square().mean(),
            "pixel": losses.charbonnier(x.float(), y),
            "ssim": 1 - losses.ssim(x, y).mean(),
            "h1": losses.feature_matching([found_h1], [wanted_h1]),
            "h": losses.feature_matching([judge.e2(found_h1)], [wanted_h]),
        }
        if "lpips" in self.teachers:
            terms["lpips"] = self.teachers["lpips"](x, y).mean()
        return terms | self._against_critic(y, x)

    def shown(self, batch: Sample) -> list[Tensor]:
        y = batch["picture"]
        return [y, self.averaged["generator"](self.averaged["encoder"](y))]

    def measures(self, batch: Sample) -> dict[str, float]:
        y = batch["picture"]
        h = self.averaged["encoder"](y)
        x = self.averaged["generator"](h).clamp(0, 1)
        again = self.averaged["encoder"](x)
        return {
            "psnr": _psnr(x, y),
            "ssim": float(losses.ssim(x, y).mean()),
            "h_rms": float(h.float().square().mean().sqrt()),
            "h_error": float(losses.feature_matching([again], [h])),
        }


class Stage2Task(Task):
    """S, on pairs of pictures and what the codec makes of them at a quarter of their sides.

    The label is SqueezeNet's, cut to as many classes as a stream names; at times it is the
    likeliest class alone, as a caption would have it, or none.
    """

    sample = staticmethod(data.reduced)
    turned = False
    crop, batch = 192, 4  # a crop in which a label can be seen
    rate = 7e-4
    NAMED, UNTOLD = 0.3, 0.1  # shares of the crops with one class alone, and without any

    def __init__(self, preset: nets.Preset, weights: dict[str, float], folder: Path | None) -> None:
        folder = _needed(folder)
        teachers: dict[str, nn.Module] = {"squeezenet": SqueezeNet(folder)}
        if weights.get("lpips"):
            teachers["lpips"] = Lpips(folder, "squeeze")
        critic = {"critic": LabelCritic(preset)} if weights.get("adversarial") else {}
        super().__init__(self.networks(preset), nn.ModuleDict(critic), weights, teachers)

    @staticmethod
    def networks(preset: nets.Preset) -> nn.ModuleDict:
        return nn.ModuleDict({"stage2": Stage2(preset)})

    def label(self, picture: Tensor) -> Tensor:
        """(B, 1000) shares of the likeliest classes."""
        with torch.no_grad():
            shares = self.teachers["squeezenet"].logits(picture).float().softmax(1)
        best, which = shares.topk(CLASSES_MOST, 1)
        return torch.zeros_like(shares).scatter(1, which, best)

    def _told(self, picture: Tensor) -> Tensor:
        """Labels as in practice, drawn at random."""
        label = self.label(picture)
        name = F.one_hot(label.argmax(1), label.shape[1]).to(label)
        draw = torch.rand(len(label), 1, device=label.device)
        return torch.where(draw < self.NAMED, name, label * (draw < 1 - self.UNTOLD))

    def loss(self, batch: Sample, step: int) -> dict[str, Tensor]:
        y = batch["picture"]
        self._label = self._told(y)
        x = self.trained["stage2"](batch["low"], self._label)
        terms = {"pixel": losses.charbonnier(x.float(), y)}
        if "lpips" in self.teachers:
            terms["lpips"] = self.teachers["lpips"](x, y).mean()
        return terms | self._against_critic(y, x)

    def _realness(self, x: Tensor) -> Tensor:
        return self.aids["critic"](x, self._label)

    def shown(self, batch: Sample) -> list[Tensor]:
        y, low = batch["picture"], batch["low"]
        x = self.averaged["stage2"](low, self.label(y))
        return [y, self._interpolated(low), x]

    def measures(self, batch: Sample) -> dict[str, float]:
        y, low = batch["picture"], batch["low"]
        before = self._interpolated(low)
        x = self.averaged["stage2"](low, self.label(y)).clamp(0, 1)
        found = {
            "psnr": _psnr(x, y),
            "psnr_gain": _psnr(x, y) - _psnr(before, y),
            "ssim_gain": float((losses.ssim(x, y) - losses.ssim(before, y)).mean()),
        }
        if "lpips" in self.teachers:
            ratio = self.teachers["lpips"](x, y).mean() / self.teachers["lpips"](before, y).mean()
            found["lpips_ratio"] = float(ratio)
        return found

    def _interpolated(self, low: Tensor) -> Tensor:
        """What S adds to."""
        net = self.averaged["stage2"]
        return nets.depth_to_space(net.interpolated(low), net.FACTOR)


def _hint(found: Tensor, wanted: Tensor) -> Tensor:
    """Feature matching with a teacher's map (FitNets, arXiv:1412.6550), brought to our size."""
    wanted = F.interpolate(wanted.float(), found.shape[2:], mode="bilinear")
    return losses.feature_matching([found.float()], [wanted])


def _needed(folder: Path | None) -> Path:
    if folder is None:
        raise ValueError("this task learns from a teacher: name the folder of its weights")
    return folder


@dataclass(frozen=True, slots=True)
class Recipe:
    """A task's kind, its loss weights, and what it starts from."""

    kind: type[Task]
    weights: dict[str, float]


RECIPES = {
    "fill": Recipe(FillTask, {"pixel": 0.3, "squared": 12.0, "ssim": 0.25}),
    "fill-perceptual": Recipe(
        FillTask, {"pixel": 1.0, "ssim": 0.05, "lpips": 0.3, "adversarial": 0.0, "r1": 10.0}
    ),
    "condition": Recipe(ConditionTask, {"scores": 0.2, "map": 2.0, "features": 1.0}),
    "latent": Recipe(
        LatentTask,
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
    "stage2": Recipe(Stage2Task, {"pixel": 1.0, "lpips": 0.1, "adversarial": 0.0, "r1": 10.0}),
}


def make(
    name: str, preset: str, folder: Path | None, weights: Mapping[str, float] | None = None
) -> Task:
    """The task of that name with fresh networks.

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
    return recipe.kind(nets.PRESETS[preset], recipe.weights | dict(weights or {}), folder)  # type: ignore[call-arg]
