"""The latent update with any settings, on whole streams."""

import pytest

import ablc
from ablc.eval.paper.latent_update import refine
from ablc.runtime.latent import WEIGHTS, Settings
from scenes import scene

pytestmark = pytest.mark.usefixtures("networks")


@pytest.fixture(scope="module")
def stream() -> bytes:
    pytest.importorskip("onnxruntime")
    return ablc.encode(scene(100, 150), quality=25, mask=ablc.Scheme("random-blocks", 0.5))


@pytest.mark.parametrize("iterations", [0, 2])
def test_with_a_decoders_settings_it_is_the_decoder(stream: bytes, iterations: int) -> None:
    settings = Settings(iterations=iterations) if iterations else None
    decoded = ablc.decode(stream, fill="ppgn", iterations=iterations, provider="cpu")
    assert (refine(stream, settings) == decoded).all()


def test_settings_and_strength_have_their_say(stream: bytes) -> None:
    usual = refine(stream, Settings(iterations=2))
    reference = refine(stream, Settings(form="reference", iterations=2, rate=1.0))
    photorealistic = {**WEIGHTS, "photorealism": 10.0}
    guided = refine(stream, Settings(iterations=2, weights=photorealistic))
    half = refine(stream, Settings(iterations=2), strength=0.5)
    dropped = ~ablc.keep_mask(stream).repeat(8, 0).repeat(8, 1)[:100, :150]
    for other in (reference, guided, half):
        assert (other != usual)[dropped].any()
    net = ablc.decode(stream, fill="net", provider="cpu")
    assert (refine(stream, Settings(iterations=2), strength=0.0) == net).all()


def test_what_a_lossless_stream_holds_is_the_picture() -> None:
    picture = scene(20, 30)
    assert (refine(ablc.encode(picture, lossless=True), Settings()) == picture).all()


def test_wrong_arguments_are_refused(stream: bytes) -> None:
    with pytest.raises(ValueError, match=r"strength must be a number in 0\.\.1, not 1\.5"):
        refine(stream, Settings(), strength=1.5)
    with pytest.raises(ValueError, match="threads must be a whole number"):
        refine(stream, Settings(), threads=0)
    with pytest.raises(ablc.StreamError):
        refine(stream[:40], Settings())
