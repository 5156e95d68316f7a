"""Decoding with networks."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import ablc
from ablc.runtime import painter, registry, session
from ablc.runtime.painter import Layout
from made_networks import install
from scenes import scene

pytestmark = pytest.mark.usefixtures("networks")


SHIPPED = registry.SHIPPED

SMALL_TILES = Layout(whole=0, tile=128, multiple=32, batch=4, fixed=False)


@pytest.fixture(scope="module")
def stream() -> bytes:
    return ablc.encode(scene(150, 220), quality=25)


@pytest.fixture
def tiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(painter, "CPU", SMALL_TILES)


@pytest.fixture
def net() -> Iterator[ablc.Decoder]:
    with ablc.Decoder(fill="net", threads=1) as decoder:
        yield decoder


def test_a_photograph_gains(kodak: Path, net: ablc.Decoder) -> None:
    from PIL import Image

    with Image.open(kodak / "kodim05.png") as opened:
        picture = np.array(opened)
    data = ablc.encode(picture, quality=30)
    before = ablc.compare(picture, ablc.decode(data, fill="classical"))
    after = ablc.compare(picture, net.decode(data))
    assert after.psnr > before.psnr + 0.1
    assert (after.ssim or 0) > (before.ssim or 0) + 0.01


def test_net_without_the_network_is_an_error(stream: bytes, shipped: Path) -> None:
    with pytest.raises(ablc.ModelError, match="no network 'fill-small' is installed"):
        ablc.decode(stream, fill="net")


@pytest.mark.parametrize("height", [1, 7, 33])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_any_size_and_kind(net: ablc.Decoder, height: int, channels: int) -> None:
    picture = np.resize(scene(40, 50), (height, 45, channels))
    data = ablc.encode(picture, quality=20)
    painted = net.decode(data)
    assert painted.shape == picture.shape
    if channels == 4:
        assert (painted[:, :, 3] == picture[:, :, 3]).all()


def test_lossless_pictures_stay_as_they_are(net: ablc.Decoder) -> None:
    picture = scene(40, 50)
    assert (net.decode(ablc.encode(picture, lossless=True)) == picture).all()


def test_exact_regions_stay_as_they_are(net: ablc.Decoder) -> None:
    picture = scene(150, 220)
    roi = ablc.Roi(ablc.Region(32, 48, 64, 40), weight=float("inf"))
    painted = net.decode(ablc.encode(picture, quality=25, importance=roi))
    assert (painted[48:88, 32:96] == picture[48:88, 32:96]).all()


@pytest.mark.parametrize("region", [(0, 0, 220, 150), (100, 70, 60, 50), (219, 149, 1, 1)])
@pytest.mark.parametrize("layout", ["whole", "tiled"])
def test_regions_are_parts_of_the_whole(
    stream: bytes,
    net: ablc.Decoder,
    region: tuple[int, int, int, int],
    layout: str,
    request: pytest.FixtureRequest,
) -> None:
    if layout == "tiled":
        request.getfixturevalue("tiled")
    x, y, w, h = region
    assert (net.decode(stream, region=region) == net.decode(stream)[y : y + h, x : x + w]).all()


def test_regions_outside_are_refused(stream: bytes, net: ablc.Decoder) -> None:
    with pytest.raises(ValueError, match="region 200,0,30,30 is empty or not inside"):
        net.decode(stream, region=(200, 0, 30, 30))


def test_tiles_do_not_show(monkeypatch: pytest.MonkeyPatch, net: ablc.Decoder) -> None:
    ramp = np.add.outer(np.linspace(20, 120, 200), np.linspace(0, 110, 400))
    data = ablc.encode(np.stack([ramp, ramp + 10, 255 - ramp], 2).astype(np.uint8), quality=40)
    whole = net.decode(data).astype(int)
    monkeypatch.setattr(painter, "CPU", SMALL_TILES)
    tiled = net.decode(data).astype(int)
    assert abs(tiled - whole).max() <= 1
    for axis in (0, 1):
        assert abs(np.diff(tiled, axis=axis)).max() <= abs(np.diff(whole, axis=axis)).max() + 1


def test_batches_and_their_size_change_nothing(
    stream: bytes, net: ablc.Decoder, tiled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = net.decode(stream)
    monkeypatch.setattr(painter, "CPU", replace(SMALL_TILES, batch=1))
    assert (net.decode(stream) == together).all()


def test_a_batch_of_pictures_is_decoded_as_each_alone(net: ablc.Decoder) -> None:
    pictures = [scene(70, 90), scene(64, 96), scene(40, 50)[:, :, :1], scene(70, 90)[::-1]]
    streams = [ablc.encode(picture, quality=20) for picture in pictures]
    streams.append(ablc.encode(pictures[0], lossless=True))
    alone = [net.decode(data) for data in streams]
    for one, many in zip(alone, net.decode_batch(streams), strict=True):
        assert (one == many).all()


def test_a_batch_shares_passes(monkeypatch: pytest.MonkeyPatch, net: ablc.Decoder) -> None:
    monkeypatch.setattr(painter, "CPU", replace(painter.CPU, batch=4, fixed=True))
    sizes = []
    run = session.Session.run

    def counted(self: session.Session, inputs: session.Arrays) -> object:
        sizes.append(len(inputs["decoded"]))
        return run(self, inputs)

    monkeypatch.setattr(session.Session, "run", counted)
    streams = [ablc.encode(scene(60, 60), quality=20)] * 7
    together = net.decode_batch(streams)
    assert sizes == [4, 2, 1]
    assert all(np.abs(one.astype(int) - together[0]).max() <= 1 for one in together)


def test_a_full_gpu_gets_a_smaller_batch_once(
    monkeypatch: pytest.MonkeyPatch, net: ablc.Decoder
) -> None:
    monkeypatch.setattr(painter, "CPU", replace(painter.CPU, batch=4))
    room, run, sizes = 2, session.Session.run, []

    def full(self: session.Session, inputs: session.Arrays) -> object:
        sizes.append(len(inputs["decoded"]))
        if sizes[-1] > room:
            raise ablc.GpuMemoryError("full")
        return run(self, inputs)

    monkeypatch.setattr(session.Session, "run", full)
    streams = [ablc.encode(scene(60, 60), quality=20)] * 4
    assert len(net.decode_batch(streams)) == 4
    assert sizes == [4, 2, 2]
    room = 1
    with pytest.raises(ablc.GpuMemoryError):
        net.decode_batch(streams)
    assert sizes == [4, 2, 2, 4, 2]


def test_threads_share_a_decoder(net: ablc.Decoder) -> None:
    streams = [ablc.encode(scene(48 + 16 * i, 80), quality=20) for i in range(4)]
    expected = [net.decode(data) for data in streams]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            for shown, target in zip(pool.map(net.decode, streams), expected, strict=True):
                assert (shown == target).all()


def test_the_number_of_threads_moves_no_pixel_by_more_than_one_level(stream: bytes) -> None:
    one, two = (ablc.Decoder(fill="net", threads=n).decode(stream).astype(int) for n in (1, 2))
    assert abs(one - two).max() <= 1


def test_warming_up_and_closing(stream: bytes) -> None:
    decoder = ablc.Decoder(fill="net", threads=1)
    decoder.warm_up((150, 220))
    first = decoder.decode(stream)
    decoder.close()
    assert (decoder.decode(stream) == first).all()
    ablc.Decoder(fill="classical").warm_up((150, 220))
    with pytest.raises(ablc.ModelError):
        ablc.Decoder(fill="net", model="fill-none").warm_up()


def test_models_by_name(stream: bytes, net: ablc.Decoder) -> None:
    looks = ablc.Decoder(fill="net", model="fill-small-perceptual").decode(stream)
    assert (looks != net.decode(stream)).any()
    assert (
        ablc.decode(stream, model="fill-small-perceptual", threads=2) != net.decode(stream)
    ).any()
    with pytest.raises(ablc.ModelError, match="no network 'fill-huge' is installed"):
        ablc.decode(stream, fill="net", model="fill-huge")
    with pytest.raises(ablc.ModelError, match="role generator, not one that fills"):
        ablc.decode(stream, fill="net", model="generator-small")
    with pytest.raises(ValueError, match="model='fill-small' needs a fill that networks do"):
        ablc.decode(stream, fill="classical", model="fill-small")


def test_a_stream_names_its_network(own: Path) -> None:
    card = registry.card("fill-small-perceptual", SHIPPED)
    picture = scene(60, 90)
    data = ablc._core.encode(picture, step=1200, model=registry.name_in_stream(card))
    with pytest.raises(
        ablc.ModelError, match=f"needs the network fill-small-perceptual {card.sha256[:16]}"
    ):
        ablc.decode(data, fill="net")
    install(own, "fill-small-perceptual")
    with pytest.raises(ablc.ModelError, match="installed: fill-small-perceptual"):
        ablc.decode(data, fill="net")


def test_partial_streams_are_painted(stream: bytes, net: ablc.Decoder) -> None:
    decoder = replace(net, partial=True)
    with pytest.warns(ablc.StreamWarning, match="BLKS"):
        painted = decoder.decode(stream[: len(stream) * 2 // 3])
    assert painted.shape == (150, 220, 3)
    with pytest.raises(ablc.StreamError):
        net.decode(stream[: len(stream) * 2 // 3])
