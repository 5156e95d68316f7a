"""Providers and sessions."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ablc
import fresh
from ablc.runtime import registry, session
from ablc.runtime.session import Sessions
from made_networks import install

CARD = "fill-small"


def inputs(height: int = 32, width: int = 64) -> session.Arrays:
    cells = np.ones((1, 1, height // 8, width // 8), np.float32)
    picture = np.random.default_rng(0).random((1, 3, height, width), np.float32)
    return {"decoded": picture, "kept": cells, "step": 4 * cells}


def test_sessions_are_made_once(networks: None) -> None:
    sessions = Sessions("cpu", 1)
    card = registry.card(CARD)
    first = sessions.get(card)
    assert sessions.get(card) is first
    assert sessions.get(card, (("batch", 1),)) is not first
    assert (first.provider, first.device) == ("cpu", "cpu")
    (painted,) = first.run(inputs())
    assert painted.shape == (1, 3, 32, 64)
    assert painted == pytest.approx(inputs()["decoded"], abs=0.6)
    sessions.close()
    assert sessions.get(card) is not first


def test_fixed_sizes_hold(networks: None) -> None:
    sizes = (("batch", 1), ("height", 32), ("width", 64), ("height_8", 4), ("width_8", 8))
    fixed = Sessions("cpu", 1).get(registry.card(CARD), sizes)
    (free,) = Sessions("cpu", 1).get(registry.card(CARD)).run(inputs())
    assert fixed.run(inputs())[0] == pytest.approx(free, abs=1e-5)
    assert {name: array.shape for name, array in fixed.blank(sizes).items()} == {
        "decoded": (1, 3, 32, 64),
        "kept": (1, 1, 4, 8),
        "step": (1, 1, 4, 8),
    }
    with pytest.raises(ablc.ProviderError, match="fill-small failed on cpu"):
        fixed.run(inputs(64, 64))


def test_few_sessions_are_kept(networks: None) -> None:
    sessions, card = Sessions("cpu", 1), registry.card(CARD)
    first = sessions.get(card)
    for batch in range(session.SESSIONS_MOST):
        sessions.get(card, (("batch", batch + 1),))
    assert sessions.get(card) is not first


def test_auto_takes_what_works(networks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    card = registry.card(CARD)
    start = session.start

    def only_cpu(card: Any, provider: str, *rest: Any) -> session.Session:
        if provider != "cpu":
            raise ablc.ProviderError(f"{provider} does not work here")
        return start(card, provider, *rest)

    monkeypatch.setattr(session, "available", lambda: ["tensorrt", "cuda", "cpu"])
    monkeypatch.setattr(session, "start", only_cpu)
    assert Sessions("auto", 1).provider(card) == "cpu"
    with pytest.raises(ablc.ProviderError, match="cuda does not work here"):
        Sessions("cuda", 1).provider(card)


@pytest.mark.parametrize("provider", ["cuda", "tensorrt"])
def test_an_explicit_provider_is_never_replaced(networks: None, provider: Any) -> None:
    if provider in session.available():
        pytest.skip(f"ONNX Runtime has {provider} here")
    with pytest.raises(ablc.ProviderError, match=rf"{provider}.*pip install 'ablc\[gpu\]'"):
        Sessions(provider).get(registry.card(CARD))


def test_a_full_gpu_has_an_error_of_its_own(networks: None) -> None:
    made = Sessions("cpu", 1).get(registry.card(CARD))
    on_gpu = session.Session(made.net, made.card, "cuda")
    full = RuntimeError("BFCArena::AllocateRawInternal Failed to allocate memory for 123")
    assert isinstance(on_gpu.translated(full), ablc.GpuMemoryError)
    assert "provider='cpu'" in str(on_gpu.translated(full))
    assert not isinstance(made.translated(full), ablc.GpuMemoryError)


def test_weights_that_are_no_network_say_so(networks: None, own: Path) -> None:
    card = install(own, "fill-broken")
    with pytest.raises(ablc.ProviderError, match="fill-broken does not start on cpu"):
        Sessions("cpu", 1).get(card)


def test_a_fork_begins_anew(networks: None) -> None:
    code = (
        "import os, numpy as np\n"
        "from ablc.runtime import registry\n"
        "from ablc.runtime.session import Sessions\n"
        "card = registry.card('fill-small')\n"
        "sessions = Sessions('cpu', 2)\n"
        "cells = np.ones((1, 1, 8, 8), np.float32)\n"
        "feed = {'decoded': np.ones((1, 3, 64, 64), np.float32), 'kept': cells, 'step': cells}\n"
        "before = sessions.get(card).run(feed)[0]\n"
        "if os.fork() == 0:\n"
        "    same = (sessions.get(card).run(feed)[0] == before).all()\n"
        "    os._exit(0 if same else 1)\n"
        "print(os.waitstatus_to_exitcode(os.wait()[1]))\n"
    )
    assert fresh.result(code) == "0\n"


def test_two_distributions_are_warned_of(monkeypatch: pytest.MonkeyPatch, networks: None) -> None:
    monkeypatch.setattr(session.metadata, "version", lambda name: "1")
    session.onnxruntime.cache_clear()
    with pytest.warns(UserWarning, match="onnxruntime and onnxruntime-gpu are both installed"):
        session.onnxruntime()


def test_engines_have_a_folder_of_their_own(
    networks: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    card = registry.card(CARD)
    options = session._options("tensorrt", card)
    folder = Path(options["trt_engine_cache_path"])
    assert folder.is_dir()
    assert folder.is_relative_to(tmp_path)
    assert card.sha256[:16] in folder.name
    assert options["trt_timing_cache_path"] == str(folder)


def test_the_runtime_needs_no_torch_and_starts_without_onnx_runtime() -> None:
    code = (
        "import sys, ablc, ablc.decoder, ablc.runtime.painter\n"
        "print([m for m in ('torch', 'onnxruntime', 'ablc.export') if m in sys.modules])"
    )
    assert fresh.result(code) == "[]\n"
