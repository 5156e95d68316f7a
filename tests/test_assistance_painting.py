"""Assistant information from encode to decode."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import ablc
from ablc import _core
from ablc.arrays import Pixels
from ablc.cli.main import main
from ablc.runtime import registry
from scenes import scene

pytestmark = pytest.mark.usefixtures("networks")


PICTURE = scene(100, 150)
HALF = ablc.Scheme("random-blocks", 0.5)
SECTIONS = {"edge": "EDGE", "style": "STYL", "content": "CONT", "latent": "LATN", "class": "CLSS"}


def coded(*assist: Any, **more: Any) -> bytes:
    return ablc.encode(PICTURE, quality=25, mask=HALF, assist=assist, **more)


def painted(data: bytes, iterations: int = 4) -> Pixels:
    return ablc.decode(data, fill="ppgn", iterations=iterations, threads=1)


@pytest.mark.parametrize("name", SECTIONS)
def test_each_kind_is_written_and_has_its_say(networks: None, name: str) -> None:
    plain, assisted = coded(), coded(name)
    result = ablc.inspect(assisted)
    names = [section.name for section in result.sections]
    assert SECTIONS[name] in names
    step = registry.card("step-small")
    assert bytes.fromhex(result.model) == registry.name_in_stream(step)
    assert sum(section.length for section in result.sections) == len(assisted)
    assert (painted(assisted) != painted(plain)).any()
    for fill in ("classical", "net"):
        assert (ablc.decode(assisted, fill=fill) == ablc.decode(plain, fill=fill)).all()


def test_several_kinds_go_together(networks: None) -> None:
    assisted = coded("edge", "style", "content", "latent", "class")
    names = [section.name for section in ablc.inspect(assisted).sections]
    assert names[-5:] == ["EDGE", "STYL", "CONT", "LATN", "CLSS"]
    assert (painted(assisted) == painted(assisted)).all()


def test_a_sent_code_brings_the_original_nearer(networks: None) -> None:
    dropped = ~ablc.keep_mask(coded()).repeat(8, 0).repeat(8, 1)[:100, :150]

    def detail(data: bytes) -> npt.NDArray[np.float64]:
        """Of G alone, in one pass."""
        from ablc.runtime import assistance_decoder, fill, painter, session
        from ablc.runtime.latent_networks import LatentNetworks
        from ablc.runtime.tiles import Window

        window = Window(0, 0, 128, 160)
        nets = LatentNetworks(session.Sessions("cpu", 1), painter.update_for(b""))
        decoded = fill.planes_of(ablc.decode(data, fill="classical"), window)
        assisted = assistance_decoder.read(_core.Stream(data), nets)
        made = nets.picture(assistance_decoder.start(decoded, decoded, assisted, window, nets))
        error = made[:, :100, :150].transpose(1, 2, 0) - PICTURE / 255
        return np.square(error)[dropped].mean()

    assert detail(coded("latent")) < 0.95 * detail(coded())


def test_targets_hold_with_assistance(networks: None) -> None:
    assisted = ablc.encode(PICTURE, target_bytes=3000, mask=HALF, assist=("edge", "style"))
    assert 0.98 * 3000 <= len(assisted) <= 3000
    with pytest.raises(ValueError, match="assistant information alone takes"):
        ablc.encode(PICTURE, target_bytes=420, mask=HALF, assist=("edge", "style", "content"))


def test_tiles_are_told_what_concerns_them(networks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from ablc.runtime import painter

    tiles = painter.Layout(whole=0, tile=96, multiple=32, batch=1, fixed=False)
    monkeypatch.setattr(painter, "CPU", tiles)
    assisted = coded("edge", "content", "latent", "class")
    whole = painted(assisted, 1)
    region = ablc.decode(assisted, fill="ppgn", iterations=1, threads=1, region=(70, 20, 60, 50))
    assert (region == whole[20:70, 70:130]).all()


def test_grey_pictures_are_told_of(networks: None) -> None:
    data = ablc.encode(PICTURE[:, :, 0], quality=25, mask=HALF, assist=("edge", "latent"))
    assert painted(data).shape == (100, 150, 1)


def test_sections_that_contradict_the_picture_are_refused(networks: None) -> None:
    other = ablc.encode(scene(200, 90), quality=25, mask=HALF, assist=("latent",))
    body = _core.Stream(other).section("LATN")
    assert body is not None
    mixed = _core.Stream(coded("edge")).with_sections({"LATN": body})
    with pytest.raises(ablc.StreamError, match="LATN"):
        painted(mixed)
    saved = ablc.decode(mixed, fill="ppgn", iterations=4, threads=1, partial=True)
    assert (saved == painted(coded())).all()
    assert (ablc.decode(mixed) == ablc.decode(coded())).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"assist": ("edges",)}, "a name in assist must be one of edge, style, .*, not 'edges'"),
        ({"assist": "edge"}, "assist must be several names, not the text 'edge'"),
        ({"assist": ("edge",), "lossless": True, "mask": "rdo"}, "assist excludes it"),
    ],
)
def test_wrong_names_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ablc.encode(PICTURE, **change)


def test_large_pictures_are_refused(networks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from ablc.runtime import assistance_encoder

    monkeypatch.setattr(assistance_encoder, "PIXELS_MAX", 14_999)
    with pytest.raises(ValueError, match="at most 14999 pixels, not 100x150"):
        coded("edge")


def test_the_command_line_assists(
    networks: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PIL import Image

    monkeypatch.chdir(tmp_path)
    Image.fromarray(PICTURE).save("a.png")
    encode = ["encode", "a.png", "a.ablc", "-q", "25", "--mask", "random-blocks"]
    for arguments in (
        [*encode, "--assist", "edge,latent"],
        ["decode", "a.ablc", "b.png", "--fill", "ppgn", "--iterations", "2"],
    ):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert not ended.value.code
    names = [section.name for section in ablc.inspect(Path("a.ablc").read_bytes()).sections]
    assert names[-2:] == ["EDGE", "LATN"]
    with Image.open("b.png") as opened:
        assert opened.size == (150, 100)
    with pytest.raises(SystemExit) as ended:
        main([*encode, "--assist", "edge,magic"])
    assert ended.value.code == 2
