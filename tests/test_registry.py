"""Cards of networks and the registry of those that are installed."""

import contextlib
import dataclasses
import json
import math
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablc.errors import ModelError
from ablc.network_names import is_id
from ablc.runtime import registry
from ablc.runtime.cards import ROLES, ModelCard
from made_networks import WEIGHTS, fields, install

SHIPPED = registry.SHIPPED
MISSING = object()


def changed(path: str, value: object) -> bytes:
    """A card's JSON with one field, "training.steps" or so, replaced or taken out."""
    card: Any = fields()
    *outer, last = path.split(".")
    inside = card
    for key in outer:
        inside = inside[int(key) if key.isdigit() else key]
    if value is MISSING:
        del inside[last]
    else:
        inside[last] = value
    return json.dumps(card).encode()


def test_a_card_goes_there_and_back() -> None:
    packed = json.dumps(fields()).encode()
    card = ModelCard.parse(packed)
    assert ModelCard.parse(card.pack()) == card
    assert json.loads(card.pack()) == fields()
    assert card.training.data[1].images == 80
    assert card.extras["range"] == [0, 30.5]


def test_cards_are_written_for_people() -> None:
    text = ModelCard.parse(json.dumps(fields()).encode()).pack().decode()
    names = [line.split('"')[1] for line in text.splitlines() if line.startswith('  "')]
    assert names == [field.name for field in dataclasses.fields(ModelCard)]
    assert text.startswith('{\n  "id": "fill-small",\n  "role": "fill",\n')
    assert "Invents façades." in text
    assert text.endswith("}\n")


def test_the_order_of_fields_does_not_matter() -> None:
    turned = dict(reversed(fields().items()))
    card = ModelCard.parse(json.dumps(turned).encode())
    assert card.pack() == ModelCard.parse(json.dumps(fields()).encode()).pack()


@pytest.mark.parametrize("name", list(fields()))
def test_no_field_may_be_missing(name: str) -> None:
    with pytest.raises(ValueError, match=f"the card lacks {name}"):
        ModelCard.parse(changed(name, MISSING))


@pytest.mark.parametrize("name", list(fields()["training"]))
def test_no_field_of_the_training_may_be_missing(name: str) -> None:
    with pytest.raises(ValueError, match=f"training lacks {name}"):
        ModelCard.parse(changed(f"training.{name}", MISSING))


@pytest.mark.parametrize("name", list(fields()["training"]["data"][0]))
def test_no_field_of_a_data_set_may_be_missing(name: str) -> None:
    with pytest.raises(ValueError, match=f"training.data lacks {name}"):
        ModelCard.parse(changed(f"training.data.0.{name}", MISSING))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("id", "../fill", 'id must be lower-case words joined by "-"'),
        ("id", 7, "id must be lower-case words"),
        ("role", "discriminator", "role must be one of fill, encoder, generator"),
        ("role", ["fill"], "role must be one of"),
        ("preset", "Small", "preset must be lower-case words"),
        ("sha256", "AB" * 32, "sha256 must be 64 lower-case hex digits, not 'ABAB"),
        ("sha256", "ab" * 31, "sha256 must be 64"),
        ("size", 0, "size must be a whole number in 1..2147483647, not 0"),
        ("size", 1 << 31, "size must be a whole number"),
        ("size", True, "size must be a whole number"),
        ("parameters", 1.5, "parameters must be a whole number"),
        ("multiply_adds", "many", "multiply_adds must be a whole number"),
        ("multiply_adds", 10**400, "multiply_adds must be a whole number"),
        ("architecture", "A sentence.", "architecture must be one or more sentences"),
        ("architecture", [], "architecture must be one or more sentences"),
        ("architecture", ["One.", 2], "architecture must be one or more sentences"),
        ("architecture", ["two\nlines"], "architecture must be one line of text"),
        ("opset", 0, "opset must be a whole number"),
        ("precision", " ", "precision must be one line of text"),
        ("inputs", {}, "inputs must be a mapping that is not empty"),
        ("inputs", ["picture"], "inputs must be a mapping"),
        ("inputs.picture", 3, "inputs.picture must be one line of text, not 3"),
        ("outputs.picture", "", "outputs.picture must be one line of text"),
        ("outputs", {"": "(B)"}, "a name in outputs must be one line of text"),
        ("licence", None, "licence must be one line of text, not None"),
        ("licence", "MIT \ud800", "licence must be one line of text"),
        ("training", [], "training must be an object"),
        ("training", {"steps": 1}, "training lacks command, data"),
        ("training.command", "", "training.command must be one line of text"),
        ("training.data", [], "training.data must be one or more data sets"),
        ("training.data", {"name": "x"}, "training.data must be one or more data sets"),
        ("training.data", ["Kodak"], "training.data must be an object, not 'Kodak'"),
        ("training.data.0.name", "", "training.data.name must be one line of text"),
        ("training.data.0.images", 0, "training.data.images must be a whole number"),
        ("training.data.0.licence", 0, "training.data.licence must be one line of text"),
        ("training.data.0.note", None, "training.data.note must be one line of text"),
        ("training.steps", -1, "training.steps must be a whole number"),
        ("training.minutes", -0.5, "training.minutes must be a number in 0..1e[+]15, not -0.5"),
        ("training.minutes", math.inf, "training.minutes must be a number"),
        ("training.machine", "\x1b[2J", "training.machine must be one line of text"),
        ("training.losses", {}, "training.losses must be a mapping that is not empty"),
        ("training.losses.l1", "1", "training.losses.l1 must be a number"),
        ("training.losses.l1", True, "training.losses.l1 must be a number"),
        ("training.reached", {}, "training.reached must be a mapping that is not empty"),
        ("training.reached", {"PSNR": math.nan}, "training.reached.PSNR must be a number"),
        ("figures", {}, "figures must be a mapping that is not empty"),
        ("figures", {"PSNR": 30}, "figures must have the command that repeats them"),
        ("figures", {"command": "x"}, "figures must have the command that repeats them, and a"),
        ("figures.SSIM", {"0.1 bpp": None}, "figures.SSIM.0.1 bpp must be a number"),
        ("limits", "None.", "limits must be one or more sentences"),
        ("limits", [""], "limits must be one line of text"),
        ("version", 1, "version must be one line of text"),
        ("extras", [], "extras must be a mapping, not"),
        ("extras", {"range": [0, math.inf]}, r"extras.range\[1\] must be a number"),
        ("extras", {"a": {"b": {"c": {"d": {"e": 1}}}}}, "extras.a.b.c.d.e is nested more than"),
        ("comment", "hello", "the card has no field 'comment'; put further data into extras"),
        ("training.epochs", 2, "training has no field 'epochs'"),
        ("training.data.0.url", "x", "training.data has no field 'url'"),
    ],
)
def test_a_wrong_field_is_named(path: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ModelCard.parse(changed(path, value))


def test_fields_are_checked_on_construction_too() -> None:
    card = ModelCard.parse(json.dumps(fields()).encode())
    with pytest.raises(ValueError, match="size must be a whole number"):
        dataclasses.replace(card, size=-1)
    with pytest.raises(ValueError, match="training must be a Training"):
        dataclasses.replace(card, training=fields()["training"])
    with pytest.raises(ValueError, match=r"training\.steps must be"):
        dataclasses.replace(card.training, steps=0.5)


def test_what_was_not_trained_needs_no_losses() -> None:
    training = {**fields()["training"], "steps": 0, "losses": {}, "reached": {}}
    card = ModelCard.parse(changed("training", training))
    assert card.training.losses == {}


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"{", b"[]", b"null", b'"card"', b"[" * 100_000, b'{"id":' * 100_000]
)
def test_bytes_that_are_no_card_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        ModelCard.parse(data)


@given(st.data())
def test_damaged_cards_parse_or_raise_value_error(draw: st.DataObject) -> None:
    data = bytearray(json.dumps(fields()).encode())
    for _ in range(draw.draw(st.integers(1, 3))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    with contextlib.suppress(ValueError):
        ModelCard.parse(bytes(data))


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=8,
    ),
    st.sampled_from([*fields(), *(f"training.{name}" for name in fields()["training"])]),
)
def test_any_value_of_any_field_is_packed_again_or_refused(value: object, path: str) -> None:
    try:
        card = ModelCard.parse(changed(path, value))
    except ValueError as error:
        assert path.split(".")[0] in str(error)  # noqa: PT017
    else:
        assert ModelCard.parse(card.pack()) == card


@pytest.mark.parametrize("text", ["fill-small", "fill", "fill2-small-3", "a" * 64])
def test_ids(text: str) -> None:
    assert is_id(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "-", "Fill", "fill_small", "fill-", "-fill", "fill--small", "2fill", "fill small"),
        *("füll", "fill\n", "fill.small", "../fill", "/fill", "fill/small", "fill\\small"),
        *("a" * 65, "fill\0"),
    ],
)
def test_what_is_no_id(text: str) -> None:
    assert not is_id(text)


def test_networks_are_listed_by_id(shipped: Path) -> None:
    assert registry.models() == []
    cards = [install(shipped, name, name.encode()) for name in ("step-small", "fill-small")]
    (shipped / "README.md").write_text("no network")
    (shipped / "Not a network.json").write_text("{}")
    assert registry.ids() == ["fill-small", "step-small"]
    assert registry.models() == cards[::-1]
    assert registry.card("step-small") == cards[0]
    assert registry.load("step-small") == b"step-small"
    registry.verify("fill-small")


def test_a_folder_that_does_not_come_with_ablc_is_no_error(
    shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "SHIPPED", shipped / "none")
    assert registry.models() == []
    with pytest.raises(ModelError, match="no network 'fill-small' is installed; installed: none"):
        registry.card("fill-small")


def test_an_unknown_id_is_answered_with_the_known_ones(shipped: Path) -> None:
    install(shipped, "fill-small")
    install(shipped, "step-small")
    for ask in (registry.card, registry.load, registry.verify, registry.home):
        with pytest.raises(ModelError, match="no network 'fill' is installed; installed: fill-sma"):
            ask("fill")


@pytest.mark.parametrize("end", ["../own/fill-small", "{own}/fill-small", "./fill-small", ""])
def test_no_id_leads_out_of_the_folder(shipped: Path, tmp_path: Path, end: str) -> None:
    """The network is there, but not under that id."""
    outside = tmp_path / "own"
    card = install(outside)
    model_id = end.format(own=outside)
    for ask in (registry.card, registry.load, registry.verify):
        with pytest.raises(ModelError, match="no network"):
            ask(model_id)
    with pytest.raises(ModelError, match="the stream names its network in an unknown form"):
        registry.find_named(model_id.encode() + registry.name_in_stream(card)[-8:])


def test_the_users_networks_come_first(own: Path, shipped: Path) -> None:
    old = install(shipped, "fill-small", b"old")
    other = install(shipped, "step-small", b"step")
    new = install(own, "fill-small", b"new")
    assert registry.models() == [new, other]
    assert registry.load("fill-small") == b"new"
    assert registry.home("fill-small") == own
    assert registry.home("step-small") == shipped
    assert registry.load(old) == b"old"


def test_a_folder_given_replaces_that_of_the_environment(
    own: Path, shipped: Path, tmp_path: Path
) -> None:
    install(own, "fill-small", b"environment")
    install(shipped, "fill-small", b"shipped")
    given_here = install(tmp_path / "given", "fill-small", b"given")
    assert registry.models(tmp_path / "given") == [given_here]
    assert registry.load("fill-small", tmp_path / "given") == b"given"
    with pytest.raises(ModelError, match=r"^\S*nowhere is not a folder"):
        registry.models(tmp_path / "nowhere")


@pytest.mark.parametrize("make", [False, True], ids=["missing", "a file"])
def test_a_variable_that_names_no_folder_is_an_error(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: bool
) -> None:
    install(shipped)
    monkeypatch.setenv("ABLC_MODELS", str(tmp_path / "wrong"))
    if make:
        (tmp_path / "wrong").touch()
    for ask in (registry.models, lambda: registry.load("fill-small")):
        with pytest.raises(ModelError, match=r"ABLC_MODELS: \S*wrong is not a folder"):
            ask()


def test_an_empty_variable_names_nothing(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = install(shipped)
    monkeypatch.setenv("ABLC_MODELS", "")
    assert registry.models() == [card]


def test_a_damaged_network_does_not_give_way_to_a_shipped_one(own: Path, shipped: Path) -> None:
    install(shipped)
    (own / "fill-small.onnx").write_bytes(b"without a card")
    with pytest.raises(ModelError, match=r"own.fill-small\.json: no such file"):
        registry.load("fill-small")


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (WEIGHTS[:-1], r"fill-small\.onnx: size is 14, its card says 15: reinstall or retrain"),
        (b"", r"fill-small\.onnx: size is 0, its card says 15"),
        (WEIGHTS + b"!", r"fill-small\.onnx: size is more than 15, its card says 15"),
        (WEIGHTS * 1000, r"fill-small\.onnx: size is more than 15"),
        (b"N" + WEIGHTS[1:], r"fill-small\.onnx: sha256 is [0-9a-f]{16}\.\., its card says "),
    ],
)
def test_damaged_weights_are_refused(shipped: Path, weights: bytes, message: str) -> None:
    card = install(shipped)
    (shipped / "fill-small.onnx").write_bytes(weights)
    for ask in (registry.load, registry.verify):
        with pytest.raises(ModelError, match=message):
            ask("fill-small")
    assert registry.card("fill-small") == card


@given(st.data())
def test_every_flipped_bit_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, draw: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("flipped")
    install(folder)
    damaged = bytearray(WEIGHTS)
    damaged[draw.draw(st.integers(0, len(WEIGHTS) - 1))] ^= 1 << draw.draw(st.integers(0, 7))
    (folder / "fill-small.onnx").write_bytes(damaged)
    with pytest.raises(ModelError, match="sha256"):
        registry.load("fill-small", folder)


def test_longer_files_are_not_read(shipped: Path) -> None:
    """As much as the card says, and no more: this one takes no room on the disk, but in memory."""
    install(shipped)
    os.truncate(shipped / "fill-small.onnx", 1 << 42)
    with pytest.raises(ModelError, match="size is more than 15"):
        registry.load("fill-small")


def test_a_card_that_promises_much_takes_no_memory(shipped: Path) -> None:
    install(shipped)
    (shipped / "fill-small.json").write_bytes(changed("size", (1 << 31) - 1))
    with pytest.raises(ModelError, match="size is 15, its card says 2,147,483,647"):
        registry.load("fill-small")


def test_both_files_have_to_be_there(shipped: Path) -> None:
    install(shipped)
    (shipped / "fill-small.onnx").unlink()
    registry.card("fill-small")
    with pytest.raises(ModelError, match=r"fill-small\.onnx: no such file; a network is an ONNX f"):
        registry.load("fill-small")
    (shipped / "fill-small.json").rename(shipped / "else")
    (shipped / "fill-small.onnx").mkdir()
    assert registry.ids() == ["fill-small"]
    with pytest.raises(ModelError, match=r"fill-small\.json: no such file"):
        registry.models()
    (shipped / "else").rename(shipped / "fill-small.json")
    with pytest.raises(ModelError, match=r"fill-small\.onnx: no such file"):
        registry.load("fill-small")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_no_network(shipped: Path) -> None:
    install(shipped)
    (shipped / "fill-small.onnx").unlink()
    os.mkfifo(shipped / "fill-small.onnx")
    with pytest.raises(ModelError, match=r"fill-small\.onnx: no such file"):
        registry.load("fill-small")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"fill-small\.json: Expecting value"),
        (b"{", r"fill-small\.json: Expecting property name"),
        (b"\xff", r"fill-small\.json: 'utf-8' codec"),
        (b"{}", r"fill-small\.json: the card lacks id, role, preset"),
        (b" " * (1 << 20) + b"{}", r"fill-small\.json: a card has at most 1,048,576 bytes"),
        (changed("opset", "18"), r"fill-small\.json: opset must be a whole number"),
        (changed("id", "fill-base"), r"fill-small\.json: id is 'fill-base', the file is named aft"),
    ],
)
def test_a_damaged_card_is_named(shipped: Path, data: bytes, message: str) -> None:
    install(shipped)
    (shipped / "fill-small.json").write_bytes(data)
    for ask in (registry.models, lambda: registry.load("fill-small")):
        with pytest.raises(ModelError, match=message):
            ask()


def test_the_card_of_other_weights_does_not_do(shipped: Path) -> None:
    install(shipped, "fill-small", b"one")
    card = install(shipped, "fill-other", b"two")
    swapped = dataclasses.replace(card, id="fill-small")
    (shipped / "fill-small.json").write_bytes(swapped.pack())
    with pytest.raises(ModelError, match="sha256 is"):
        registry.verify("fill-small")


def test_a_stream_names_id_and_version(shipped: Path) -> None:
    card = install(shipped)
    name = registry.name_in_stream(card)
    assert name == b"fill-small" + bytes.fromhex(card.sha256[:16])
    assert registry.parse_name(name) == ("fill-small", card.sha256[:16], None)
    assert registry.find_named(name) == card


def test_a_stream_is_not_painted_by_another_version(own: Path, shipped: Path) -> None:
    name = registry.name_in_stream(install(shipped, "fill-small", b"old"))
    other = install(shipped, "fill-small", b"new")
    message = f"the stream needs the network fill-small {name[-8:].hex()}; installed: fill-small "
    with pytest.raises(ModelError, match=message + other.sha256[:16]):
        registry.find_named(name)
    for end in ("onnx", "json"):
        (shipped / f"fill-small.{end}").unlink()
    with pytest.raises(ModelError, match=f"fill-small {name[-8:].hex()}; it is not installed"):
        registry.find_named(name)


def test_a_stream_finds_its_version_behind_another(own: Path, shipped: Path) -> None:
    old = install(shipped, "fill-small", b"old")
    install(own, "fill-small", b"new")
    result = registry.find_named(registry.name_in_stream(old))
    assert result == old
    assert registry.load(result) == b"old"
    (shipped / "fill-small.onnx").unlink()
    (shipped / "fill-small.json").unlink()
    with pytest.raises(ModelError, match=f"network fill-small {old.sha256[:16]} is not installed"):
        registry.load(result)


@given(st.binary(max_size=90) | st.binary(min_size=8, max_size=8).map(b"fill-small".__add__))
def test_any_name_finds_a_card_or_raises_model_error(
    tmp_path_factory: pytest.TempPathFactory, name: bytes
) -> None:
    with pytest.raises(ModelError):
        registry.find_named(name, tmp_path_factory.getbasetemp())


def shipped_ids() -> list[str]:
    """Of the networks that come with ablc."""
    return sorted({path.stem for path in SHIPPED.glob("*.onnx")} if SHIPPED.is_dir() else ())


needs_networks = pytest.mark.skipif(not shipped_ids(), reason="no networks come with ablc yet")


@needs_networks
def test_networks_that_come_with_ablc_are_whole() -> None:
    """Parsing a card checks that no field is missing or empty."""
    assert [card.id for card in registry.models(SHIPPED)] == shipped_ids()
    for model_id in shipped_ids():
        card = registry.card(model_id, SHIPPED)
        assert len(registry.load(card, SHIPPED)) == card.size
        assert registry.find_named(registry.name_in_stream(card), SHIPPED) == card
        assert card.role in ROLES
        assert (SHIPPED / f"{model_id}.json").read_bytes() == card.pack()


@needs_networks
def test_networks_that_come_with_ablc_are_small() -> None:
    assert sum(card.size for card in registry.models(SHIPPED)) <= 24 << 20
