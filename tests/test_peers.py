"""Codecs to compare with, and ablc as one of them."""

import importlib

import pytest

from ablc.metrics import psnr
from ablc.peers import libraries
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
    monkeypatch.setattr(libraries.features, "check", lambda _: False)
    for name in (*PEERS, *LOSSLESS_PEERS):
        make = peer if name in PEERS else lossless_peer
        with pytest.raises(MissingCodecError, match="pip install"):
            make(name)


def test_a_libvips_without_mozjpeg_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyvips", reason="needs the extra [eval]")
    monkeypatch.setattr(libraries, "_vips_jpeg", lambda *_, **__: b"the same")
    with pytest.raises(MissingCodecError, match="no mozjpeg"):
        peer("mozjpeg")


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
