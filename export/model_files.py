"""From checkpoints to model files: ONNX graphs with their model cards."""

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
from ablc.arrays import CELL
from ablc.export import card_texts, checkpoints, layers, nets, tasks, to_onnx
from ablc.export.stage2 import Stage2
from ablc.export.update import RATES, TERMS, LatentUpdate
from ablc.runtime.cards import DataSet, ModelCard, Role, Training

HEIGHT, WIDTH = 512, 768  # of the picture for which a card counts multiply-adds
CODE_RANGE = {"low": -4.0, "high": 4.0}  # of h in the latent update


@dataclass(frozen=True, slots=True)
class TrainedNetworks:
    """A checkpoint's averaged networks, with a model card's data about their training."""

    task: str
    preset: str
    networks: nn.Module  # its children are the networks, by role
    training: Training

    def named(self) -> dict[str, nn.Module]:
        """Return the networks by their ids without a suffix, such as "fill-small"."""
        end = "-perceptual" if self.task == "fill-perceptual" else ""
        return {f"{role}-{self.preset}{end}": n for role, n in self.networks.named_children()}


def read(path: Path) -> TrainedNetworks:
    """Return the networks of a checkpoint.

    Raises ValueError if the file is not a checkpoint, or is of another architecture.
    """
    kept = checkpoints.read(path)
    if kept["task"] not in tasks.RECIPES or kept["preset"] not in nets.PRESETS:
        raise ValueError(
            f"{path} is of an unknown task or preset: {kept['task']}, {kept['preset']}"
        )
    networks = tasks.RECIPES[kept["task"]].networks(nets.PRESETS[kept["preset"]])
    checkpoints.read_networks(path, networks)
    data = kept["data"]
    runs = [*kept["earlier"], checkpoints.run_of(kept)]
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
    frozen = networks.requires_grad_(False).eval()
    return TrainedNetworks(kept["task"], kept["preset"], frozen, training)


def export(
    paths: Sequence[Path], out: Path, form: to_onnx.GraphForm, suffix: str = ""
) -> list[str]:
    """Write all networks of the checkpoints, and the update graph if they hold E, G and C.

    suffix: of the ids, as in fill-small-SUFFIX, for other forms of the same network.
    Returns the ids. Raises ValueError if two checkpoints hold the same network, or are of different
    presets.
    """
    trained = [read(path) for path in paths]
    if len({t.preset for t in trained}) > 1:
        raise ValueError("the checkpoints are of several presets: export one preset at a time")
    preset = trained[0].preset
    named: dict[str, tuple[nn.Module, Training]] = {}
    for networks in trained:
        for name, net in networks.named().items():
            if name in named:
                raise ValueError(f"two checkpoints hold {name}")
            named[name] = net, networks.training
    update = _update(named, preset)
    if update is not None:
        named[f"step-{preset}"] = update
    out.mkdir(parents=True, exist_ok=True)
    ids = []
    for name, (net, training) in named.items():
        ids.append("-".join(filter(None, (name, suffix))))
        _write(out, ids[-1], preset, net, training, form)
    return ids


def _update(
    named: Mapping[str, tuple[nn.Module, Training]], preset: str
) -> tuple[LatentUpdate, Training] | None:
    """Return the update of E, G and C; None if one of them is missing."""
    roles = ("encoder", "generator", "condition")
    if not all(f"{role}-{preset}" in named for role in roles):
        return None
    (encoder, of_latent), (generator, _), (condition, of_condition) = (
        named[f"{role}-{preset}"] for role in roles
    )
    assert isinstance(encoder, nets.LatentEncoder)
    assert isinstance(generator, nets.Generator)
    assert isinstance(condition, nets.Condition)
    training = replace(
        of_latent,
        command=f"{of_latent.command}; {of_condition.command}",
        data=tuple({d.name: d for d in (*of_latent.data, *of_condition.data)}.values()),
        steps=0,
        minutes=0.0,
        losses={},
        reached={},
    )
    return LatentUpdate(encoder, generator, condition), training


def _write(
    out: Path,
    model_id: str,
    preset: str,
    net: nn.Module,
    training: Training,
    form: to_onnx.GraphForm,
) -> None:
    """Write the ONNX file and the card of a network."""
    role = role_of(net)
    model = to_onnx.EXPORTERS[role](net, form, model_id)
    data = model.SerializeToString(deterministic=True)
    extras: dict[str, Any] = {}
    if role == "step":  # what the runtime has to know of it
        extras = {"terms": list(TERMS), "rates": list(RATES), **CODE_RANGE}
    card = ModelCard(
        id=model_id,
        role=role,
        preset=preset,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        parameters=layers.parameters(net),
        multiply_adds=multiply_adds(net),
        architecture=card_texts.ARCHITECTURE[role],
        opset=model.opset_import[0].version,
        precision=f"{form.dtype} arithmetic, {form.storage} storage",
        inputs=_shapes(model.graph.input),
        outputs=_shapes(model.graph.output),
        licence=card_texts.LICENCE,
        training=training,
        figures={"command": card_texts.MEASURE, "held_out": dict(training.reached)},
        limits=card_texts.LIMITS["fill-perceptual" if "perceptual" in model_id else role],
        version=ablc.__version__,
        extras=extras,
    )
    (out / f"{model_id}.onnx").write_bytes(data)
    (out / f"{model_id}.json").write_bytes(card.pack())


def role_of(net: nn.Module) -> Role:
    """Return the role of a network in model cards."""
    roles: dict[type[nn.Module], Role] = {
        nets.Fill: "fill",
        nets.LatentEncoder: "encoder",
        nets.Generator: "generator",
        nets.Condition: "condition",
        LatentUpdate: "step",
        Stage2: "stage2",
    }
    return roles[type(net)]


def multiply_adds(net: nn.Module) -> int:
    """Return the multiply-adds of one run on a picture of 768x512; of an update, forward and back.

    Forward and back of G and C cost twice the forward pass; E is only run forward.
    """
    picture = torch.zeros(1, 3, HEIGHT, WIDTH)
    match net:
        case nets.Fill():
            cells = torch.zeros(1, 1, HEIGHT // CELL, WIDTH // CELL)
            return layers.multiply_adds(net, picture, cells, cells)
        case nets.Generator():
            code = torch.zeros(1, net.latent, HEIGHT // nets.STRIDE, WIDTH // nets.STRIDE)
            return layers.multiply_adds(net, code)
        case LatentUpdate():
            twice = multiply_adds(net.generator) + multiply_adds(net.condition)
            return multiply_adds(net.encoder) + 2 * twice
        case Stage2():
            low = torch.zeros(1, 3, HEIGHT // net.FACTOR, WIDTH // net.FACTOR)
            return layers.multiply_adds(net, low, torch.zeros(1, nets.CLASSES))
        case _:
            return layers.multiply_adds(net, picture)


def _shapes(values: Sequence[onnx.ValueInfoProto]) -> dict[str, str]:
    """Return shape and type by name, such as "(batch, 3, height, width) float32"."""
    shapes = {}
    for value in values:
        kind = value.type.tensor_type
        sides = ", ".join(d.dim_param or str(d.dim_value) for d in kind.shape.dim)
        dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)
        shapes[value.name] = f"({sides}) {dtype}"
    return shapes


def record(folder: Path, measured: Mapping[str, Any]) -> list[str]:
    """Put figures, id -> measures as in tests/bench/networks.py, into the cards of a folder.

    Returns the ids. Raises ValueError for an id without a card.
    """
    for model_id, figures in measured.items():
        path = folder / f"{model_id}.json"
        if not path.exists():
            raise ValueError(f"no card {path.name} in {folder}")
        card = ModelCard.parse(path.read_bytes())
        kept = {"command": card_texts.MEASURE, "held_out": dict(card.training.reached)}
        path.write_bytes(replace(card, figures=kept | dict(figures)).pack())
    return list(measured)


def read_figures(path: Path) -> dict[str, Any]:
    """Return the figures that tests/bench/networks.py --json wrote.

    Raises ValueError if it is no such file.
    """
    try:
        figures = json.loads(path.read_text())
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(figures, dict) or not isinstance(figures.get("cards"), dict):
        raise ValueError(f"{path} has no figures of networks")
    cards: dict[str, Any] = figures["cards"]
    return cards
