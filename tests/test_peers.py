"""Codecs to compare with, and ablc as one of them."""

import importlib
from typing import Any

import numpy as np
import pytest

from ablc.metrics import psnr
from ablc.peers import ffmpeg, libraries, planes, video, writers
from ablc.peers.ablc_codec import OWN_CODECS, QUALITIES, ablc_codec, own_codec
from ablc.peers.codec import MissingCodecError
from ablc.peers.libraries import LOSSLESS_PEERS, PEERS, lossless_peer, peer
from scenes import scene


@pytest.mark.parametrize("name", PEERS)
def test_a_finer_quality_makes_a_larger_and_better_file(name: str) -> None:
    try:
        codec = peer(name)
    except MissingCodecError as error:
        pytest.skip(str(error))
    picture = scene(96, 131)
    coarse, fine = (codec.encode(picture, q) for q in (codec.qualities[0], codec.qualities[-1]))
    assert codec.name == name
    assert len(coarse) < len(fine)
    assert 10 < psnr(picture, codec.decode(coarse)) < psnr(picture, codec.decode(fine))


@pytest.mark.parametrize("name", LOSSLESS_PEERS)
def test_lossless_peers_lose_nothing(name: str) -> None:
    try:
        codec = lossless_peer(name)
    except MissingCodecError as error:
        pytest.skip(str(error))
    picture = scene(41, 60)
    assert (codec.decode(codec.encode(picture, 0)) == picture).all()


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    monkeypatch.setattr(writers.features, "check", lambda _: False)
    monkeypatch.setattr(ffmpeg, "program", ffmpeg.program.__wrapped__)  # without its cache
    monkeypatch.setattr(ffmpeg, "_candidates", list)
    for name in (*PEERS, *LOSSLESS_PEERS):
        make = peer if name in PEERS else lossless_peer
        with pytest.raises(MissingCodecError, match="pip install"):
            make(name)


def test_a_libvips_without_mozjpeg_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyvips", reason="needs the extra [eval]")
    monkeypatch.setattr(libraries, "_vips_jpeg", lambda *_, **__: b"the same")
    with pytest.raises(MissingCodecError, match="no mozjpeg"):
        peer("mozjpeg")


def test_an_ffmpeg_without_the_encoder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ffmpeg, "program", ffmpeg.program.__wrapped__)
    monkeypatch.setattr(ffmpeg, "_candidates", lambda: ["ffmpeg"])
    monkeypatch.setattr(ffmpeg, "run", lambda *_: b" V....D libx265   libx265 H.265\n")
    assert ffmpeg.program("libx265") == "ffmpeg"
    with pytest.raises(MissingCodecError, match="ffmpeg has no libvvenc: pip install imageio"):
        video.VVENC.codec()


def test_a_libavif_without_the_tune_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(*_: object, **__: object) -> Any:
        def encode(*_: object) -> bytes:
            raise ValueError("Invalid codec-specific option")

        return encode

    if not writers.features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    monkeypatch.setattr(libraries, "pillow_encode", refusing)
    with pytest.raises(MissingCodecError, match=r"no tune=iq .*pip install 'pillow>=13'"):
        peer("AVIF s6 iq")


@pytest.mark.parametrize("encoder", [video.X265, video.SVT_AV1, video.VVENC], ids=lambda e: e.name)
def test_raw_streams_are_charged_for_a_container(encoder: video.VideoEncoder) -> None:
    try:
        codec = encoder.codec()
    except MissingCodecError as error:
        pytest.skip(str(error))
    picture = scene(67, 81)
    data = codec.encode(picture, codec.qualities[0])
    raw = data[ffmpeg.CONTAINER_BYTES :]
    assert data[: ffmpeg.CONTAINER_BYTES] == ffmpeg.container(picture)
    assert len(raw) + 300 == len(data)
    assert codec.decode(data).shape == picture.shape
    with pytest.raises(RuntimeError, match="ffmpeg failed"):
        codec.decode(data[: ffmpeg.CONTAINER_BYTES])


@pytest.mark.parametrize("bits", [8, 10])
@pytest.mark.parametrize("size", [(64, 96), (63, 95)])
def test_planes_come_back_as_the_picture(size: tuple[int, int], bits: int) -> None:
    rows, columns = np.indices(size)
    ramps = np.stack([2 * rows, columns, 100 + rows], axis=-1).astype(np.uint8)
    grey = np.repeat(scene(*size)[..., :1], 3, axis=2)
    height, width = (planes.even(side) for side in size)
    for picture, near in ((grey, 1), (ramps, 3)):
        packed = planes.pack(picture, bits)
        assert len(packed) == height * width * 3 // 2 * (2 if bits > 8 else 1)
        back = planes.parse(packed, *size, bits)
        assert np.abs(back.astype(int) - picture).max() <= near
    with pytest.raises(ValueError, match="are not a picture of"):
        planes.parse(packed, size[0] + 2, size[1], bits)


@pytest.mark.parametrize("make", [peer, lossless_peer, own_codec])
def test_unknown_codecs_are_refused(make) -> None:
    with pytest.raises(ValueError, match="unknown codec 'BPG': expected"):
        make("BPG")


def test_a_painted_codec_codes_the_same_files_and_shows_others(networks: None) -> None:
    picture = scene(64, 96)
    plain, painted = own_codec(OWN_CODECS[0]), own_codec(OWN_CODECS[1])
    data = plain.encode(picture, QUALITIES[3])
    assert painted.encode(picture, QUALITIES[3]) == data
    assert (painted.decode(data) != plain.decode(data)).any()


def test_without_onnx_runtime_a_painted_codec_is_missing() -> None:
    with pytest.raises(MissingCodecError, match=r"ablc\[cpu\]"):
        own_codec(OWN_CODECS[1])


def test_options_reach_the_encoder() -> None:
    picture = scene(64, 96)
    plain, full = ablc_codec(), ablc_codec({"subsampling": "4:4:4"})
    assert "subsampling 4:4:4" in full.settings
    assert plain.encode(picture, 40) != full.encode(picture, 40)
    exact = ablc_codec(lossless=True)
    assert (exact.decode(exact.encode(picture, 0)) == picture).all()
