"""From checkpoints to what is shipped: ONNX files with their model cards."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import nn

import ablc
from ablc.export import nets, tasks, to_onnx, train
from ablc.export import step as latent
from ablc.runtime.cards import Card, DataSet, Training

HEIGHT, WIDTH = 512, 768  # of the picture whose multiply-adds a card counts
LICENCE = "MIT"
MEASURE = "python tests/bench/networks.py --json FILE"  # what fills the figures of a card
ARCHITECTURE = {
    "fill": (
        "N: convolutional, three resolutions (1/2, 1/4, 1/8) with skips, residual blocks, leaky "
        "rectifiers; adds a correction to the decoded picture.",
        "What the stream says of every cell of 8x8 pixels enters at each of its 2x2 places.",
    ),
    "encoder": ("E = E2 o E1: strided and residual convolutions, SiLU; E1 imitates AlexNet.",),
    "generator": ("G: residual convolutions and depth-to-space, SiLU; inverts E.",),
    "condition": ("C: strided and residual convolutions, SiLU; imitates SqueezeNet 1.1.",),
    "step": ("One latent step: G, C, E, the gradient of all terms in h, and the update of h.",),
    "stage2": (
        "S: residual convolutions at a quarter of the sides, SiLU, then depth-to-space; adds to "
        "cubic interpolation.",
        "Class shares, embedded in 32 channels, scale and shift the channels of every block.",
    ),
}
LIMITS = {
    "fill": ("Trained on photographs; text and drawings may come out softer than they were.",),
    "fill-perceptual": (
        "Trained on photographs; text and drawings may come out softer than they were.",
        "Makes up texture, in places as a fine regular grain.",
    ),
    "encoder": ("Made for G and the latent step; no general feature extractor.",),
    "generator": ("Its pictures are soft; fine texture is made up.",),
    "condition": (
        "Trained on few pictures of each ImageNet class: its scores are weak (agree_top5 among "
        "what training reached); its features are what it is for.",
    ),
    "step": ("Start from E of a decoded picture: from elsewhere it may not converge.",),
    "stage2": (
        "What is finer than four pixels is made up: text and faces come out wrong.",
        "The label changes little.",
    ),
}
# What the runtime has to know. The finest luma step, in grey levels, of pictures that "auto"
# paints: quality 70, up to where N betters nearly all of them (docs/NETWORKS.md has finer ones).
EXTRAS: dict[str, dict[str, Any]] = {"fill": {"finest_step": 13.0}}


@dataclass(frozen=True, slots=True)
class Trained:
    """A checkpoint's networks, with what it knows of their training."""

    task: str
    preset: str
    networks: nn.ModuleDict  # by name, averaged
    training: Training


def read(path: Path) -> Trained:
    """A checkpoint. Raises ValueError if it is none, or of another architecture."""
    kept = train.read(path)
    if kept["task"] not in tasks.RECIPES or kept["preset"] not in nets.PRESETS:
        raise ValueError(
            f"{path} is of an unknown task or preset: {kept['task']}, {kept['preset']}"
        )
    networks = tasks.RECIPES[kept["task"]].kind.networks(nets.PRESETS[kept["preset"]])
    train.read_networks(path, networks)
    data = kept["data"]
    runs = [*kept["earlier"], train.run_of(kept)]
    sets = tuple(
        DataSet(name=name, images=count, licence=data["licence"], note="")
        for name, count in data["pictures"].items()
    )
    training = Training(
        command="; then ".join(run["command"] for run in runs),
        data=sets,
        steps=sum(run["steps"] for run in runs),
        minutes=round(sum(run["minutes"] for run in runs), 1),
        machine=kept["machine"],
        losses={name: float(weight) for name, weight in kept["plan"]["weights"].items()},
        reached={name: round(value, 4) for name, value in kept["measures"].items()},
    )
    return Trained(kept["task"], kept["preset"], networks.requires_grad_(False).eval(), training)


def export(
    checkpoints: Sequence[Path], out: Path, form: to_onnx.Form, suffix: str = ""
) -> list[str]:
    """Writes every network of the checkpoints, and the latent step if E, G and C are among them.

    suffix: of the ids, as in fill-small-SUFFIX, for forms beside the usual one. Returns the ids.
    Raises ValueError if two checkpoints hold the same network, or are of different presets.
    """
    found = [read(path) for path in checkpoints]
    if len({t.preset for t in found}) > 1:
        raise ValueError("checkpoints of one preset at a time")
    names: dict[str, tuple[nn.Module, Training]] = {}
    for trained in found:
        for role, net in trained.networks.items():
            name = f"{role}-{trained.preset}"
            name += "-perceptual" if trained.task == "fill-perceptual" else ""
            if name in names:
                raise ValueError(f"two checkpoints hold {name}")
            names[name] = net, trained.training
    preset = found[0].preset
    out.mkdir(parents=True, exist_ok=True)
    ids = []
    for name, (net, training) in names.items():
        role = name.split("-")[0]
        model_id = "-".join(filter(None, (name, suffix)))
        model = to_onnx.EXPORTERS[role](net, form, model_id)
        _write(out, model_id, role, preset, model, net, training, EXTRAS.get(role, {}), form)
        ids.append(model_id)
    parts = [names.get(f"{role}-{preset}") for role in ("encoder", "generator", "condition")]
    if all(parts):
        (encoder, of_latent), (generator, _), (condition, of_condition) = parts  # type: ignore[misc]
        step = latent.LatentStep(encoder, generator, condition)
        model_id = "-".join(filter(None, (f"step-{preset}", suffix)))
        model = to_onnx.export_step(step, form, model_id)
        training = replace(
            of_latent,
            command=f"{of_latent.command}; {of_condition.command}",
            data=tuple({d.name: d for d in (*of_latent.data, *of_condition.data)}.values()),
            steps=0,
            minutes=0.0,
            losses={},
            reached={},
        )
        extras = {
            "terms": list(latent.TERMS),
            "rates": list(latent.RATES),
            "low": -4.0,
            "high": 4.0,
        }
        _write(out, model_id, "step", preset, model, step, training, extras, form)
        ids.append(model_id)
    return ids


def _write(
    out: Path,
    model_id: str,
    role: str,
    preset: str,
    model: onnx.ModelProto,
    net: nn.Module,
    training: Training,
    extras: dict[str, Any],
    form: to_onnx.Form,
) -> None:
    data = model.SerializeToString(deterministic=True)
    card = Card(
        id=model_id,
        role=role,  # type: ignore[arg-type]
        preset=preset,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        parameters=nets.parameters(net),
        multiply_adds=multiply_adds(role, net),
        architecture=ARCHITECTURE[role],
        opset=model.opset_import[0].version,
        precision=f"{form.dtype} arithmetic, {form.storage} storage",
        inputs=_shapes(model.graph.input),
        outputs=_shapes(model.graph.output),
        licence=LICENCE,
        training=training,
        figures={"command": MEASURE, "held_out": dict(training.reached)},
        limits=LIMITS["fill-perceptual" if "perceptual" in model_id else role],
        version=ablc.__version__,
        extras=extras,
    )
    (out / f"{model_id}.onnx").write_bytes(data)
    (out / f"{model_id}.json").write_bytes(card.pack())


def multiply_adds(role: str, net: nn.Module) -> int:
    """Of one run on a picture of 768x512; in a step, forward and back."""
    picture = torch.zeros(1, 3, HEIGHT, WIDTH)
    cells = torch.zeros(1, 1, HEIGHT // nets.CELL, WIDTH // nets.CELL)
    if role == "fill":
        return nets.multiply_adds(net, picture, cells, cells)
    if role == "generator":
        channels = net.body[0].in_channels
        latents = torch.zeros(1, channels, HEIGHT // nets.STRIDE, WIDTH // nets.STRIDE)
        return nets.multiply_adds(net, latents)
    if role == "step":
        parts = {
            r: multiply_adds(r, getattr(net, r)) for r in ("encoder", "generator", "condition")
        }
        return parts["encoder"] + 2 * (parts["generator"] + parts["condition"])
    if role == "stage2":
        low = torch.zeros(1, 3, HEIGHT // net.FACTOR, WIDTH // net.FACTOR)
        return nets.multiply_adds(net, low, torch.zeros(1, nets.CLASSES))
    return nets.multiply_adds(net, picture)


def _shapes(values: Sequence[onnx.ValueInfoProto]) -> dict[str, str]:
    """Name -> "(batch, 3, height, width) float32"."""
    found = {}
    for value in values:
        kind = value.type.tensor_type
        sides = ", ".join(d.dim_param or str(d.dim_value) for d in kind.shape.dim)
        dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)
        found[value.name] = f"({sides}) {dtype}"
    return found


def record(folder: Path, measured: Mapping[str, Any]) -> list[str]:
    """Puts figures into the cards of a folder: id -> measures, as tests/bench/networks.py has them.

    Returns the ids. Raises ValueError for an id that is not there.
    """
    for model_id, figures in measured.items():
        path = folder / f"{model_id}.json"
        if not path.exists():
            raise ValueError(f"no card {path.name} in {folder}")
        card = Card.parse(path.read_bytes())
        kept = {"command": MEASURE, "held_out": dict(card.training.reached)}
        path.write_bytes(replace(card, figures=kept | dict(figures)).pack())
    return list(measured)


def read_figures(path: Path) -> dict[str, Any]:
    """What tests/bench/networks.py --json wrote. Raises ValueError if it is no such file."""
    try:
        found = json.loads(path.read_text())
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(found, dict) or not isinstance(found.get("cards"), dict):
        raise ValueError(f"{path} has no figures of networks")
    return found["cards"]
