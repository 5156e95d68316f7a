"""The host's loop over an exported step gives what the same loop in torch gives."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the networks need the [train] extra")
onnxruntime = pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")

from functools import partial  # noqa: E402
from types import SimpleNamespace  # noqa: E402
from typing import Any  # noqa: E402

import onnx  # noqa: E402
from torch import Tensor  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from ablc import ModelError  # noqa: E402
from ablc.export import nets, to_onnx, update  # noqa: E402
from ablc.runtime import latent, session  # noqa: E402
from ablc.runtime.buffers import PARTS  # noqa: E402
from ablc.runtime.loss_targets import TERMS, Targets, seam_of  # noqa: E402
from ablc.runtime.matting import EPSILON  # noqa: E402
from made_updates import latent_update  # noqa: E402

LOW, HIGH = -4.0, 4.0
SMALL = nets.PRESETS["small"]
HEIGHT, WIDTH = 32, 64


@pytest.fixture(scope="module")
def net() -> update.LatentUpdate:
    return latent_update(SMALL, seed=3)


@pytest.fixture(scope="module")
def model(net: update.LatentUpdate) -> onnx.ModelProto:
    return to_onnx.export_update(net, to_onnx.ANY_SIZE)


@pytest.fixture(scope="module")
def exported(model: onnx.ModelProto) -> session.Session:
    return started(model)


def started(model: onnx.ModelProto) -> session.Session:
    providers = ["CPUExecutionProvider"]
    net = onnxruntime.InferenceSession(model.SerializeToString(), providers=providers)
    card: Any = SimpleNamespace(id="step-random", extras={"low": LOW, "high": HIGH})
    return session.Session(net, card, "cpu")


def generate(net: update.LatentUpdate, h: np.ndarray) -> np.ndarray:
    return net.generator(torch.from_numpy(h)[None])[0].numpy()


def left_by_fits(x: Tensor, guide: Tensor) -> Tensor:
    """The photorealism of (1, 3, H, W), by the closed form of every window's energy."""
    away, colours = (
        (windows - windows.mean(2, keepdim=True)).double()
        for windows in (F.unfold(p, 3)[0].T.reshape(-1, 3, 9) for p in (x, guide))
    )  # (windows, 3, 9)
    held = colours @ colours.mT / 9 + EPSILON / 9 * torch.eye(3, dtype=torch.float64)
    along = colours @ away.mT / 9
    return away.square().sum() - 9 * (along * torch.linalg.solve(held, along)).sum()


def in_torch(
    net: update.LatentUpdate, h0: np.ndarray, targets: Targets, settings: latent.UpdateSettings
) -> list[np.ndarray]:
    """The codes that come into each run."""
    inputs = update.example(net, 1, HEIGHT, WIDTH)
    for name in ("m", "v", "noise", "edges", "edge_mask", "content", "label"):
        inputs[name] = torch.zeros_like(inputs[name])
    for i in (1, 2, 3):
        inputs[f"gram{i}"] = torch.zeros_like(inputs[f"gram{i}"])
    inputs["h"] = torch.from_numpy(h0)[None]
    inputs["known"] = torch.from_numpy(targets.known)[None]
    inputs["mask"] = torch.from_numpy(targets.mask)[None, None]
    inputs["seam"] = torch.from_numpy(seam_of(targets.mask))[None, None]
    places = h0.shape[1] * h0.shape[2]
    weights = targets.weights(settings.weights)
    inputs["weights"] = places * torch.from_numpy(weights[:PARTS])
    codes = []
    for t in range(settings.iterations + 1):
        codes.append(inputs["h"][0].numpy())
        rates = settings.rates(min(t + 1, settings.iterations), LOW, HIGH)
        inputs["rates"] = torch.from_numpy(rates)
        x = net.generator(inputs["h"]).requires_grad_()
        shown = inputs["mask"] * inputs["known"] + (1 - inputs["mask"]) * x
        energy = places * weights[-1].item() * left_by_fits(shown, inputs["known"])
        (inputs["push"],) = torch.autograd.grad(energy, x)
        result = dict(zip(update.OUTPUTS, net(*inputs.values()), strict=True))
        inputs |= {name: result[f"{name}_next"] for name in ("h", "m", "v")}
    return codes


def test_the_host_names_the_terms_of_the_graph() -> None:
    assert TERMS[:PARTS] == update.TERMS


def case() -> tuple[np.ndarray, Targets]:
    """A code and what it should become."""
    rng = np.random.default_rng(5)
    h0 = rng.standard_normal((SMALL.latent, HEIGHT // 16, WIDTH // 16)).astype(np.float32)
    mask = (rng.random((HEIGHT // 8, WIDTH // 8)) < 0.6).astype(np.float32)
    known = rng.random((3, HEIGHT, WIDTH), np.float32)
    return h0, Targets(known=known, mask=mask.repeat(8, 0).repeat(8, 1), guide=known)


def without_push(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph, but that the sum with push is the other summand."""
    older = onnx.ModelProto()
    older.CopyFrom(model)
    (place,) = (i for i, x in enumerate(older.graph.input) if x.name == "push")
    del older.graph.input[place]
    (node,) = (node for node in older.graph.node if "push" in node.input)
    node.op_type = "Identity"
    node.input.remove("push")
    return older


@pytest.mark.parametrize(
    "settings",
    [
        latent.UpdateSettings(iterations=5, rate=0.05),
        latent.ReferenceSettings(iterations=5, rate=0.05),
        latent.UpdateSettings(iterations=5, weights={"photorealism": 1.0}),
    ],
    ids=["product", "reference", "photorealism"],
)
def test_codes_agree(
    networks: None,
    net: update.LatentUpdate,
    exported: session.Session,
    settings: latent.UpdateSettings,
) -> None:
    h0, targets = case()
    result = latent.run(exported, h0, targets, settings, generate=partial(generate, net))
    codes = in_torch(net, h0, targets, settings)
    assert len(result.trace) == len(codes)
    assert abs(result.h - codes[result.iteration]).max() < 1e-4
    assert result.iteration > 0
    assert abs(result.picture - generate(net, result.h)).max() < 1e-4


def test_a_step_of_an_earlier_version_has_all_terms_but_the_hosts(
    networks: None, net: update.LatentUpdate, model: onnx.ModelProto, exported: session.Session
) -> None:
    older = started(without_push(model))
    h0, targets = case()
    settings = latent.UpdateSettings(iterations=2)
    before, now = (latent.run(steps, h0, targets, settings).h for steps in (older, exported))
    assert (before == now).all()
    settings = latent.UpdateSettings(weights={"photorealism": 1.0})
    with pytest.raises(ModelError, match=r"step-random is of an earlier version: .* input push"):
        latent.run(older, h0, targets, settings, generate=partial(generate, net))
