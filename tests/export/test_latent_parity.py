"""The host's loop over an exported step gives what the same loop in torch gives."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the networks need the [train] extra")
onnxruntime = pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")

from types import SimpleNamespace  # noqa: E402
from typing import Any  # noqa: E402

from ablc.export import nets, step, to_onnx  # noqa: E402
from ablc.runtime import latent, session  # noqa: E402

from made_steps import latent_step  # noqa: E402

LOW, HIGH = -4.0, 4.0
SMALL = nets.PRESETS["small"]
HEIGHT, WIDTH = 32, 64


@pytest.fixture(scope="module")
def net() -> step.LatentStep:
    return latent_step(SMALL, seed=3)


@pytest.fixture(scope="module")
def exported(net: step.LatentStep) -> session.Session:
    model = to_onnx.export_step(net, to_onnx.DYNAMIC)
    started = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    card: Any = SimpleNamespace(id="step-random", extras={"low": LOW, "high": HIGH})
    return session.Session(started, card, "cpu")


def in_torch(
    net: step.LatentStep, h0: np.ndarray, targets: latent.Targets, settings: latent.Settings
) -> list[np.ndarray]:
    """The codes that come into each run."""
    inputs = step.example(net, 1, HEIGHT, WIDTH)
    for name in ("m", "v", "noise", "edges", "edge_mask", "content", "label"):
        inputs[name] = torch.zeros_like(inputs[name])
    for i in (1, 2, 3):
        inputs[f"gram{i}"] = torch.zeros_like(inputs[f"gram{i}"])
    inputs["h"] = torch.from_numpy(h0)[None]
    inputs["known"] = torch.from_numpy(targets.known)[None]
    inputs["mask"] = torch.from_numpy(targets.mask)[None, None]
    inputs["seam"] = torch.from_numpy(latent.seam_of(targets.mask))[None, None]
    places = h0.shape[1] * h0.shape[2]
    inputs["weights"] = places * torch.from_numpy(targets.weights(settings.weights))
    codes = []
    for t in range(settings.iterations + 1):
        codes.append(inputs["h"][0].numpy())
        rates = settings.rates(min(t + 1, settings.iterations), LOW, HIGH)
        inputs["rates"] = torch.from_numpy(rates)
        found = dict(zip(step.OUTPUTS, net(*inputs.values()), strict=True))
        inputs |= {name: found[f"{name}_next"] for name in ("h", "m", "v")}
    return codes


@pytest.mark.parametrize(
    "settings",
    [
        latent.Settings(iterations=5, rate=0.05, trace=True),
        latent.Settings(iterations=5, form="reference", rate=0.05, trace=True),
    ],
    ids=lambda settings: settings.form,
)
def test_codes_agree(
    networks: None, net: step.LatentStep, exported: session.Session, settings: latent.Settings
) -> None:
    rng = np.random.default_rng(5)
    h0 = rng.standard_normal((SMALL.latent, HEIGHT // 16, WIDTH // 16)).astype(np.float32)
    mask = (rng.random((HEIGHT // 8, WIDTH // 8)) < 0.6).astype(np.float32)
    targets = latent.Targets(
        known=rng.random((3, HEIGHT, WIDTH), np.float32), mask=mask.repeat(8, 0).repeat(8, 1)
    )
    found = latent.run(exported, h0, targets, settings)
    codes = in_torch(net, h0, targets, settings)
    assert len(found.trace) == len(codes)
    assert abs(found.h - codes[found.iteration]).max() < 1e-4
    assert found.iteration > 0
    picture = net.generator(torch.from_numpy(found.h)[None])[0].numpy()
    assert abs(found.picture - picture).max() < 1e-4
