"""Networks behind the service: streams that arrive together are decoded together."""

import asyncio
import base64
from collections.abc import Iterator

import numpy as np
import pytest

import ablc
from ablc import _core, pictures
from ablc.arrays import Pixels
from ablc.pictures import Picture
from scenes import scene
from serving import Service, serving

pytestmark = pytest.mark.usefixtures("networks")


@pytest.fixture(scope="module")
def painting() -> Iterator[Service]:
    pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    with serving(networks=True, workers=1) as running:
        yield running


@pytest.fixture(scope="module")
def coarse() -> list[bytes]:
    """Streams of one size that name their painter."""
    pictures = [scene(64, 96, seed=seed) for seed in range(5)]
    return [ablc.encode(picture, quality=20, paint="fill-small") for picture in pictures]


def close(first: Pixels, second: Pixels) -> bool:
    """True if two pictures differ by no more than another number of threads may cause."""
    return bool(np.abs(first.astype(int) - second).max() <= 2)


def test_streams_that_come_together_are_one_batch(coarse: list[bytes]) -> None:
    from ablc.service.network_batches import NetworkBatcher, Painting
    from ablc.service.settings import ServiceSettings

    sizes: list[int] = []

    async def decode_all() -> list[Pixels | BaseException]:
        batches = NetworkBatcher(ServiceSettings(networks=True), sizes.append)
        streams = [*coarse[:2], coarse[2][:-1], *coarse[3:]]
        jobs = [batches.decode(data, Painting("net"), None) for data in streams]
        region = batches.decode(coarse[0], Painting("net"), ablc.Region(8, 8, 20, 10))
        try:
            return await asyncio.gather(*jobs, region, return_exceptions=True)
        finally:
            batches.close()

    outcomes = asyncio.run(decode_all())
    assert sizes == [5, 1]
    assert isinstance(outcomes[2], ablc.StreamError)
    with ablc.Decoder(fill="net") as decoder:
        for i in (0, 1, 3, 4):
            assert close(outcomes[i], decoder.decode(coarse[i]))
        assert close(outcomes[5], decoder.decode(coarse[0], region=(8, 8, 20, 10)))


def test_a_queue_that_is_full_says_so(coarse: list[bytes]) -> None:
    from ablc.service.network_batches import NetworkBatcher, Painting
    from ablc.service.problems import ProblemError
    from ablc.service.settings import ServiceSettings

    async def decode_all() -> list[Pixels | BaseException]:
        batches = NetworkBatcher(ServiceSettings(networks=True, queue=3), lambda _: None)
        jobs = [batches.decode(data, Painting(), None) for data in coarse]
        try:
            return await asyncio.gather(*jobs, return_exceptions=True)
        finally:
            batches.close()

    outcomes = asyncio.run(decode_all())
    refused = [outcome for outcome in outcomes if isinstance(outcome, ProblemError)]
    assert [refusal.status for refusal in refused] == [503, 503]


def test_the_service_paints_if_it_is_told_to(painting: Service, coarse: list[bytes]) -> None:
    with ablc.Decoder(fill="net") as decoder:
        painted = decoder.decode(coarse[0])
    plain = ablc.decode(coarse[0], fill="classical")
    for query, expected in (("", painted), ("&fill=net", painted), ("&fill=classical", plain)):
        answer = painting.post(f"/decode?format=raw{query}", coarse[0])
        assert close(np.frombuffer(answer.body, np.uint8).reshape(plain.shape), expected)
    assert painting.metric("ablc_batch_pictures_count") == 2


def test_streams_that_name_no_painter_pass_no_network(painting: Service) -> None:
    before = painting.metric("ablc_batch_pictures_count")
    data = ablc.encode(scene(64, 96), quality=20)
    damaged = _core.Stream(data).with_sections({"MODL": b"no name"})
    for stream in (data, damaged):
        answer = painting.post("/decode?format=raw&fill=auto", stream)
        assert answer.body == ablc.decode(data, fill="classical").tobytes()
    assert painting.metric("ablc_batch_pictures_count") == before
    assert painting.post("/decode?format=raw&fill=net", damaged).status == 422


def test_a_request_may_choose_network_and_strength(painting: Service, coarse: list[bytes]) -> None:
    looks = "fill-small-perceptual"
    for query, options in (
        (f"model={looks}", {"model": looks}),
        ("strength=0.5", {"strength": 0.5}),
        (f"fill=net&model={looks}&strength=0.25", {"model": looks, "strength": 0.25}),
        ("strength=0", {"strength": 0}),
    ):
        answer = painting.post(f"/decode?format=raw&{query}", coarse[0])
        expected = ablc.decode(coarse[0], **options)
        assert close(np.frombuffer(answer.body, np.uint8).reshape(expected.shape), expected)
    answer = painting.post("/decode?format=raw&model=fill-none", coarse[0])
    assert answer.status == 422
    assert "no network 'fill-none' is installed" in answer.json["detail"]


def test_the_comparison_has_the_painted_picture(painting: Service) -> None:
    file = pictures.pack(Picture(scene(64, 96)))
    painted, plain = (
        painting.post(f"/compare?quality=20{query}", file, "image/png").json
        for query in ("&paint=fill-small:0.5", "")
    )
    assert plain["painted"] is None
    stream, picture = (
        base64.b64decode(text) for text in (painted["stream"], painted["painted"]["picture"])
    )
    assert stream == ablc.encode(scene(64, 96), quality=20, paint="fill-small:0.5")
    assert close(pictures.parse(picture).pixels, ablc.decode(stream))
    assert painted["psnr"] == plain["psnr"] != painted["painted"]["psnr"]
    assert "<option>fill-small</option>" in painting.get("/").body.decode()
