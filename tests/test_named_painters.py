"""Streams that name their painter: how encoders name it, and what decoders make of the name."""

import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import ablc
from ablc import _core
from ablc.network_names import NetworkName
from ablc.runtime import registry, session
from made_networks import install
from scenes import scene

SHIPPED = registry.SHIPPED
NAME = "fill-small"


@pytest.fixture(scope="module")
def plain() -> bytes:
    """A stream that names no painter."""
    return ablc.encode(scene(70, 90), quality=20)


@pytest.fixture(scope="module")
def named() -> bytes:
    """The same stream with the name of a painter."""
    return ablc.encode(scene(70, 90), quality=20, paint=NAME)


def with_name(stream: bytes, name: bytes) -> bytes:
    return _core.Stream(stream).with_sections({"MODL": name})


def classical(stream: bytes) -> np.ndarray:
    return ablc.decode(stream, fill="classical")


# Encoding


def test_the_name_is_all_that_changes(plain: bytes, named: bytes) -> None:
    card = registry.card(NAME, SHIPPED)
    assert _core.Stream(named).model == NAME.encode() + bytes.fromhex(card.sha256)[:8]
    assert with_name(plain, _core.Stream(named).model) == named
    assert (classical(plain) == classical(named)).all()


@pytest.mark.parametrize(
    ("text", "strength"), [("0", 0), ("0.7", 0.7), ("1", 1), (".25", 0.25), ("0.123", 0.12)]
)
def test_a_strength_travels_along(text: str, strength: float) -> None:
    data = ablc.encode(scene(16, 16), paint=f"{NAME}:{text}")
    name = registry.parse_name(_core.Stream(data).model)
    assert name == (NAME, registry.card(NAME, SHIPPED).sha256[:16], strength)
    assert ablc.encode(scene(16, 16), paint=str(name)) == data


def test_the_name_counts_towards_the_target() -> None:
    picture = scene(150, 220)
    for target in (600, 1500):
        data = ablc.encode(picture, target_bytes=target, paint=NAME)
        assert 0.98 * target <= len(data) <= target
        assert _core.Stream(data).model


@pytest.mark.parametrize("text", ["", "Fill", "fill_small", "fill-small@12", "a/b", "fill:", 7])
def test_what_is_no_name_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="paint must"):
        ablc.Encoder(paint=text)  # type: ignore[arg-type]


@pytest.mark.parametrize("strength", ["1.01", "-0.1", "nan", "much"])
def test_a_strength_out_of_range_is_refused(strength: str) -> None:
    with pytest.raises(ValueError, match=r"a number in 0\.\.1, not"):
        ablc.Encoder(paint=f"{NAME}:{strength}")
    with pytest.raises(ValueError, match=r"strength must be a number in 0\.\.1, not"):
        ablc.Decoder(strength=strength)  # type: ignore[arg-type]


def test_lossless_streams_and_assistance_exclude_a_painter() -> None:
    with pytest.raises(ValueError, match="nothing to paint"):
        ablc.encode(scene(16, 16), lossless=True, paint=NAME)
    with pytest.raises(ValueError, match="paint and assist exclude each other"):
        ablc.encode(scene(16, 16), assist=("edge",), paint=NAME)


def test_only_installed_networks_that_fill_are_named(own: Path) -> None:
    with pytest.raises(ablc.ModelError, match="no network 'fill-small' is installed"):
        ablc.encode(scene(16, 16), paint=NAME)
    card = install(own, "fill-own")
    assert ablc.encode(scene(16, 16), paint="fill-own")
    (own / "fill-own.onnx").write_bytes(b"something else")
    with pytest.raises(ablc.ModelError, match=r"fill-own\.onnx"):
        ablc.encode(scene(16, 16), paint="fill-own")
    elsewhere = f"fill-other@{card.sha256[:16]}"  # a version is named by its hash
    assert ablc.encode(scene(16, 16), paint=elsewhere)
    with pytest.raises(ablc.ModelError, match="not one that fills"):
        ablc.encode(scene(16, 16), paint=f"step-small@{card.sha256[:16]}")


def test_a_network_of_another_role_is_no_painter() -> None:
    with pytest.raises(ablc.ModelError, match="role generator, not one that fills"):
        ablc.encode(scene(16, 16), paint="generator-small")


def test_other_sections_leave_the_name_alone(named: bytes) -> None:
    data = _core.Stream(named).with_sections({"CLSS": b"\1"})
    assert _core.Stream(data).model == _core.Stream(named).model


def test_names_and_their_bytes() -> None:
    for strength in (None, *(i / 100 for i in range(101))):
        name = NetworkName("fill-a", "78" * 8, strength)  # a hash of letters that ids have
        assert registry.parse_name(registry.pack_name(name)) == name
        assert NetworkName.parse(str(name)) == name


# Decoding


def test_auto_paints_what_the_stream_asks_for(networks: None, plain: bytes, named: bytes) -> None:
    assert (ablc.decode(plain) == classical(plain)).all()
    painted = ablc.decode(named)
    assert (painted != classical(named)).any()
    assert (painted == ablc.decode(plain, fill="net")).all()
    looks = ablc.encode(scene(70, 90), quality=20, paint="fill-small-perceptual")
    assert (ablc.decode(looks) != painted).any()
    assert (ablc.decode(looks, model=NAME) == painted).all()


def test_the_strength_is_a_weight(networks: None, plain: bytes, named: bytes) -> None:
    half = ablc.encode(scene(70, 90), quality=20, paint=f"{NAME}:0.5")
    whole, nothing = ablc.decode(named), classical(named)
    middle = ablc.decode(half)
    assert (middle == ablc.decode(named, strength=0.5)).all()
    assert (ablc.decode(half, strength=1) == whole).all()
    assert (ablc.decode(half, fill="net", strength=0) == nothing).all()
    change = np.abs(whole.astype(int) - nothing).mean()
    assert 0.3 * change < np.abs(middle.astype(int) - nothing).mean() < 0.7 * change
    # The recommendation is for the painter that is named, not for others.
    other = ablc.decode(half, model="fill-small-perceptual")
    assert (other == ablc.decode(plain, model="fill-small-perceptual")).all()


def test_a_strength_needs_a_network(named: bytes) -> None:
    with pytest.raises(ValueError, match=r"strength=0\.5 needs a fill that networks do"):
        ablc.decode(named, fill="classical", strength=0.5)


def test_without_onnxruntime_auto_is_classical(plain: bytes, named: bytes) -> None:
    assert not session.installed()  # as conftest has it for tests that do not ask for networks
    assert (ablc.decode(plain) == classical(plain)).all()  # and no warning
    with pytest.warns(ablc.PaintWarning, match=r"not installed: pip install 'ablc\[cpu\]'"):
        shown = ablc.decode(named)
    assert (shown == classical(named)).all()
    with pytest.raises(ablc.ProviderError, match="pip install"):
        ablc.Decoder(fill="net").decode(named)


def test_a_warning_comes_once_for_each_network(plain: bytes) -> None:
    streams = [
        with_name(plain, registry.pack_name(NetworkName(model_id, "00" * 8, strength)))
        for model_id in ("fill-one", "fill-two")
        for strength in (None, 0.5)
    ]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for stream in streams * 2:
            ablc.decode(stream)
        ablc.Decoder(threads=2).decode_batch(streams)
    assert [warning.category for warning in caught] == [ablc.PaintWarning] * 2
    first, second = (str(warning.message) for warning in caught)
    assert "fill-one 0000000000000000; it is not installed; ABLC_MODELS can name" in first
    assert "fill-two" in second


def test_a_missing_network_is_a_warning_or_an_error(
    networks: None, named: bytes, shipped: Path
) -> None:
    with pytest.warns(ablc.PaintWarning, match="needs the network fill-small .* not installed"):
        assert (ablc.decode(named) == classical(named)).all()
    with pytest.raises(ablc.ModelError, match="needs the network fill-small"):
        ablc.decode(named, fill="net")


def test_a_damaged_network_is_a_warning_or_an_error(
    networks: None, named: bytes, own: Path
) -> None:
    for end in (".json", ".onnx"):
        shutil.copy(SHIPPED / f"{NAME}{end}", own)
    weights = bytearray((own / f"{NAME}.onnx").read_bytes())
    weights[1000] ^= 1
    (own / f"{NAME}.onnx").write_bytes(weights)
    with (
        ablc.Decoder() as automatic,
        pytest.warns(ablc.PaintWarning, match="reinstall or retrain"),
    ):
        assert (automatic.decode(named) == classical(named)).all()
    with ablc.Decoder(fill="net") as net, pytest.raises(ablc.ModelError, match="reinstall"):
        net.decode(named)


DAMAGED = [
    b"fill small" + bytes(8),  # no id
    b"fill-small"[:6],  # cut
    b"x",
    b"fill-small" + bytes([128 + 101]) + bytes(8),  # a strength of 1.01
    b"fill-small" + bytes(8) + bytes([200]),  # a byte too many
]


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_name(plain: bytes, name: bytes, request: pytest.FixtureRequest) -> None:
    stream = with_name(plain, name)
    for partial in (False, True):
        with pytest.warns(ablc.PaintWarning, match="the stream names"):
            shown = ablc.Decoder(partial=partial).decode(stream)
        assert (shown == classical(plain)).all()
        request.getfixturevalue("monkeypatch").setattr(ablc.errors, "_unpainted", {})
    with pytest.raises(ablc.ModelError, match="the stream names"):
        ablc.decode(stream, fill="net")


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_name_is_ignored_on_request(networks: None, plain: bytes, name: bytes) -> None:
    stream = with_name(plain, name)
    with pytest.warns(ablc.PaintWarning, match="painted by fill-small: the stream names"):
        shown = ablc.decode(stream, fill="net", partial=True)
    assert (shown == ablc.decode(plain, fill="net")).all()


def test_the_update_graph_is_no_painter(networks: None, plain: bytes) -> None:
    stream = with_name(plain, registry.name_in_stream(registry.card("step-small", SHIPPED)))
    assert (ablc.decode(stream) == classical(plain)).all()


def test_an_explicit_provider_is_not_replaced(networks: None, named: bytes) -> None:
    if "cuda" in session.available():
        pytest.skip("ONNX Runtime has cuda here")
    with pytest.raises(ablc.ProviderError, match="provider 'cuda' is not part"):
        ablc.decode(named, provider="cuda")


def test_streams_without_a_painter_load_nothing_of_networks(plain: bytes, tmp_path: Path) -> None:
    (tmp_path / "plain.ablc").write_bytes(plain)
    code = (
        "import sys, ablc, pathlib\n"
        "ablc.decode(pathlib.Path('plain.ablc').read_bytes())\n"
        "print([m for m in sys.modules if m.startswith(('onnxruntime', 'ablc.runtime'))])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=dict(os.environ), capture_output=True
    )
    assert ran.stdout.strip() == b"[]", ran.stderr
