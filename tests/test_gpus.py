"""What GPUs make of the same networks; skips, with a reason, where there is none."""

from typing import Any

import numpy as np
import pytest

import ablc
import gpus
from ablc.runtime import latent, registry, session
from ablc.runtime.loss_targets import Targets
from ablc.runtime.session import Sessions
from scenes import scene
from test_projection import STREAMS, check, decoded

pytestmark = [
    pytest.mark.usefixtures("networks"),
    pytest.mark.parametrize("provider", gpus.PROVIDERS),
]

LEVELS = 2  # grey levels by which a GPU's picture may differ from the CPU's


@pytest.fixture(autouse=True)
def needed(networks: None, request: pytest.FixtureRequest) -> None:
    gpus.need(request.node.callspec.params["provider"])


def test_all_nodes_run_there(provider: Any) -> None:
    from ablc.runtime.check import check as run_once

    for name in ("fill-small", "step-small"):
        result = run_once(registry.card(name), provider)
        assert result.provider == provider
        assert result.fallen == ()


def test_pictures_agree_with_the_cpu(provider: Any) -> None:
    streams = [ablc.encode(scene(150, 220), quality=q) for q in (20, 35)]
    for fill, more in (("net", {}), ("ppgn", {"iterations": 2})):
        here = ablc.Decoder(fill=fill, provider="cpu", **more)  # type: ignore[arg-type]
        there = ablc.Decoder(fill=fill, provider=provider, **more)  # type: ignore[arg-type]
        for data in streams:
            difference = here.decode(data).astype(int) - there.decode(data)
            assert abs(difference).max() <= LEVELS
        first, second = (there.decode_batch(streams) for _ in range(2))
        assert all((a == b).all() for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("name", ["coarse", "weighted", "exact region", "grey", "alpha"])
def test_what_the_stream_says_holds(provider: Any, name: str) -> None:
    image = ablc.decode(STREAMS[name], fill="net", provider=provider)
    assert image.shape == decoded(name)[0].shape
    check(name, image)


def test_tiles_and_regions(provider: Any) -> None:
    data = ablc.encode(scene(1200, 1000), quality=30, effort=1)
    decoder = ablc.Decoder(fill="net", provider=provider)
    whole = decoder.decode(data)
    assert (decoder.decode(data, region=(400, 500, 200, 100)) == whole[500:600, 400:600]).all()


def test_captured_graphs_repeat(provider: Any) -> None:
    """Runs of a step of fixed sizes, again and again, with other pictures in between."""
    sizes = session.named_sizes(1, 64, 96)
    here, there = Sessions("cpu", 1), Sessions(provider)
    card = registry.card("step-small")
    rng = np.random.default_rng(0)
    cases = [
        (
            rng.standard_normal((32, 4, 6)).astype(np.float32),
            Targets(
                known=rng.random((3, 64, 96), np.float32),
                mask=(rng.random((8, 12)) < 0.6).repeat(8, 0).repeat(8, 1).astype(np.float32),
            ),
        )
        for _ in range(2)
    ]
    settings = latent.UpdateSettings(iterations=4)
    for code, targets in (*cases, *cases):
        expected = latent.run(here.get(card), code, targets, settings)
        result = latent.run(there.get(card, sizes), code, targets, settings)
        assert result.h == pytest.approx(expected.h, abs=1e-2)
        assert result.picture == pytest.approx(expected.picture, abs=1e-2)
