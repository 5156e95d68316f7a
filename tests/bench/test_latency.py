"""Latencies of single pictures; not part of the default test run.

    pytest tests/bench/test_latency.py --benchmark-only --benchmark-json latency.json
    python tests/bench/latency.py latency.json

The pictures are cut or tiled from a Kodak picture; the environment variable ABLC_DATA names the
folder that holds kodak/. Networks run on every provider that works here, with all cores, alone or
in a whole decode; encode and decode without networks have one thread. "peak" is a product of two
large matrices on the provider, to which shares refer.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from pytest_benchmark.fixture import BenchmarkFixture

import ablc
from ablc import _core
from ablc.runtime import latent, registry, session
from ablc.runtime.buffers import PARTS, Buffers
from ablc.runtime.fill import Part
from ablc.runtime.loss_targets import Targets
from ablc.runtime.painter import Painter

pytestmark = pytest.mark.usefixtures("networks")

Picture = npt.NDArray[np.uint8]  # (H, W, 3) sRGB

SIZES = ((256, 256), (768, 512), (1920, 1080))  # width, height
QUALITY = 35
MATRIX = 2048  # side of those that measure the peak
FILLS = [name for name in ("fill-small", "fill-base") if name in registry.ids()]


def providers() -> list[str]:
    """Return the providers that work here, of those that are compiled in."""
    if not session.installed():
        return []
    result = []
    for name in session.available():
        try:
            session.start(registry.card("fill-small"), name)
        except ablc.ProviderError:
            continue
        result.append(name)
    return result


on_providers = pytest.mark.parametrize("provider", providers())


@functools.cache
def cut(width: int, height: int) -> Picture:
    if "ABLC_DATA" not in os.environ:
        pytest.skip("ABLC_DATA does not name the folder that holds kodak/")
    source = np.asarray(
        Image.open(Path(os.environ["ABLC_DATA"]) / "kodak" / "kodim23.png").convert("RGB")
    )
    repeats = (-(-height // source.shape[0]), -(-width // source.shape[1]), 1)
    return np.ascontiguousarray(np.tile(source, repeats)[:height, :width])


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def picture(request: pytest.FixtureRequest) -> Picture:
    return cut(*request.param)


def note(
    benchmark: BenchmarkFixture, what: str, picture: Picture | None = None, **more: object
) -> None:
    """What latency.py wants to know of a benchmark."""
    benchmark.extra_info["what"] = what
    if picture is not None:
        benchmark.extra_info["size"] = f"{picture.shape[1]}x{picture.shape[0]}"
    benchmark.extra_info.update(more)


def multiply_adds(name: str, height: int, width: int, batch: int = 1) -> float:
    """Of a pass of a network; its card knows them for 768x512."""
    return registry.card(name).multiply_adds * height * width * batch / (768 * 512)


def test_encode(benchmark: BenchmarkFixture, picture: Picture) -> None:
    data = benchmark(ablc.encode, picture, threads=1)
    note(benchmark, "encode", picture, bytes=len(data))


def test_decode(benchmark: BenchmarkFixture, picture: Picture) -> None:
    data = ablc.encode(picture, threads=1)
    decoded = benchmark(ablc.decode, data, fill="classical", threads=1)
    assert decoded.shape == picture.shape
    note(benchmark, "decode, classical", picture)


def test_projection(benchmark: BenchmarkFixture, picture: Picture) -> None:
    data = ablc.encode(picture, quality=QUALITY)
    decoded, _, guide = _core.Stream(data, max_pixels=1 << 24).decode_guided()
    assert guide is not None
    noise = np.random.default_rng(0).normal(0, 0.03, picture.shape).astype(np.float32)
    painted = np.ascontiguousarray((decoded / np.float32(255) + noise).transpose(2, 0, 1))

    def project() -> None:
        guide.project(decoded.copy(), painted, 0, 1)

    benchmark(project)
    note(benchmark, "projection of noise", picture)


@on_providers
@pytest.mark.parametrize("model", FILLS)
def test_network(
    benchmark: BenchmarkFixture, picture: Picture, model: str, provider: session.Provider
) -> None:
    height, width, _ = picture.shape
    painter, card = Painter(provider), registry.card(model)
    plan = painter.plan(card, height, width)
    decoded, _, guide = _core.Stream(
        ablc.encode(picture, quality=QUALITY), max_pixels=1 << 24
    ).decode_guided()
    assert guide is not None
    views = [(Part(decoded, guide), window) for y in plan.rows for window in plan.windows_at(y)]
    fixed = session.named_sizes(1, *plan.side) if painter.layout(card).fixed else ()
    net = painter.sessions.get(card, fixed)
    names = ("decoded", "kept", "step")
    feeds = [
        dict(zip(names, (array[np.newaxis] for array in part.window(window)), strict=True))
        for part, window in views
    ]

    def run() -> None:
        for feed in feeds:
            net.run(feed)

    benchmark(run)
    macs = len(feeds) * multiply_adds(model, *plan.side)
    note(benchmark, f"N alone, {model}", picture, provider=provider, macs=macs)


@on_providers
@pytest.mark.parametrize("model", FILLS)
def test_decode_with_network(
    benchmark: BenchmarkFixture, picture: Picture, model: str, provider: session.Provider
) -> None:
    data = ablc.encode(picture, quality=QUALITY)
    with ablc.Decoder(fill="net", model=model, provider=provider) as decoder:
        decoder.warm_up(picture.shape[:2])
        benchmark(decoder.decode, data)
    note(benchmark, f"decode, net, {model}", picture, provider=provider)


@on_providers
def test_latent_iteration(
    benchmark: BenchmarkFixture, picture: Picture, provider: session.Provider
) -> None:
    height, width = (side // 32 * 32 for side in picture.shape[:2])
    planes = np.ascontiguousarray(picture[:height, :width].transpose(2, 0, 1), np.float32) / 255
    sessions = session.Sessions(provider)
    card = registry.card("step-small")
    fixed = session.named_sizes(1, height, width) if sessions.provider(card) != "cpu" else ()
    encoder = sessions.get(registry.card("encoder-small"), fixed)
    h0 = encoder.run({"picture": planes[np.newaxis]})[0][0]
    targets = Targets(known=planes, mask=np.ones((height, width), np.float32))
    loop = Buffers(sessions.get(card, fixed), h0.shape)
    weights = targets.weights(latent.WEIGHTS)[:PARTS]
    loop.begin(h0, {**targets.inputs(), "weights": weights})
    loop.set("rates", latent.UpdateSettings().rates(1, -4, 4))

    def run() -> None:
        loop.run()
        loop.parts()  # waits for the device

    benchmark(run)
    macs = multiply_adds("step-small", height, width)
    note(benchmark, "one latent iteration", picture, provider=provider, macs=macs)


@on_providers
def test_eight_latent_iterations(
    benchmark: BenchmarkFixture, picture: Picture, provider: session.Provider
) -> None:
    data = ablc.encode(picture, quality=QUALITY)
    with ablc.Decoder(fill="ppgn", iterations=8, provider=provider) as decoder:
        decoder.decode(data)
        benchmark.pedantic(decoder.decode, (data,), rounds=3 if provider == "cpu" else 20)
    note(benchmark, "decode, ppgn, K = 8", picture, provider=provider)


@on_providers
def test_batch(benchmark: BenchmarkFixture, provider: session.Provider) -> None:
    picture = cut(768, 512)
    data = ablc.encode(picture, quality=QUALITY)
    with ablc.Decoder(fill="net", provider=provider) as decoder:
        decoder.decode_batch([data] * 16)
        benchmark(decoder.decode_batch, [data] * 16)
    note(benchmark, "decode of 16 together, net, fill-small", picture, provider=provider)


@on_providers
def test_peak(benchmark: BenchmarkFixture, provider: str) -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    float32 = onnx.TensorProto.FLOAT
    sides = [MATRIX, MATRIX]
    weights = np.random.default_rng(0).random(sides, np.float32)
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMul", ["a", "b"], ["c"])],
        "peak",
        [onnx.helper.make_tensor_value_info("a", float32, sides)],
        [onnx.helper.make_tensor_value_info("c", float32, sides)],
        [onnx.numpy_helper.from_array(weights, "b")],
    )
    model = onnx.helper.make_model(
        graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=10
    )
    ort = session.onnxruntime()
    net = ort.InferenceSession(model.SerializeToString(), providers=[session.NAMES[provider]])
    binding = net.io_binding()
    device = "cpu" if provider == "cpu" else "cuda"
    binding.bind_ortvalue_input("a", ort.OrtValue.ortvalue_from_numpy(weights, device, 0))
    binding.bind_output("c", device)

    def run() -> None:
        net.run_with_iobinding(binding)
        binding.synchronize_outputs()

    benchmark(run)
    note(benchmark, "peak", provider=provider, macs=MATRIX**3)
