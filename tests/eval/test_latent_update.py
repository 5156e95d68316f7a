"""The latent update with any settings, on whole streams."""

import pytest

import ablc
from ablc.eval.paper.latent_update import refine
from ablc.runtime.latent import WEIGHTS, ReferenceSettings, UpdateSettings
from scenes import scene

pytestmark = pytest.mark.usefixtures("networks")


@pytest.fixture(scope="module")
def stream() -> bytes:
    pytest.importorskip("onnxruntime")
    return ablc.encode(scene(100, 150), quality=25, mask=ablc.Scheme("random-blocks", 0.5))


@pytest.mark.parametrize("iterations", [0, 2])
def test_with_a_decoders_settings_it_is_the_decoder(stream: bytes, iterations: int) -> None:
    settings = UpdateSettings(iterations=iterations) if iterations else None
    decoded = ablc.decode(stream, fill="ppgn", iterations=iterations, provider="cpu")
    assert (refine(stream, settings) == decoded).all()


def test_settings_and_share_have_their_say(stream: bytes) -> None:
    usual = refine(stream, UpdateSettings(iterations=2))
    reference = refine(stream, ReferenceSettings(iterations=2))
    photorealistic = {**WEIGHTS, "photorealism": 10.0}
    guided = refine(stream, UpdateSettings(iterations=2, weights=photorealistic))
    half = refine(stream, UpdateSettings(iterations=2), share=0.5)
    dropped = ~ablc.keep_mask(stream).repeat(8, 0).repeat(8, 1)[:100, :150]
    for other in (reference, guided, half):
        assert (other != usual)[dropped].any()
    net = ablc.decode(stream, fill="net", provider="cpu")
    assert (refine(stream, UpdateSettings(iterations=2), share=0.0) == net).all()


def test_what_a_lossless_stream_holds_is_the_picture() -> None:
    picture = scene(20, 30)
    assert (refine(ablc.encode(picture, lossless=True), UpdateSettings()) == picture).all()


def test_wrong_arguments_are_refused(stream: bytes) -> None:
    with pytest.raises(ValueError, match=r"share must be a number in 0\.\.1, not 1\.5"):
        refine(stream, UpdateSettings(), share=1.5)
    with pytest.raises(ValueError, match="threads must be a whole number"):
        refine(stream, UpdateSettings(), threads=0)
    with pytest.raises(ablc.StreamError):
        refine(stream[:40], UpdateSettings())
