"""Model cards: what a network is, what made it, how good it is and what it is not good for.

A card is a JSON file beside the network's ONNX file, with the fields of Card in their order. The
training code writes it.
"""

import json
import re
import reprlib
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self

from ablc.options import check_choice, check_whole

Role = Literal["fill", "encoder", "generator", "condition", "step", "stage2"]
ROLES: tuple[Role, ...] = ("fill", "encoder", "generator", "condition", "step", "stage2")

ID_LONGEST = 64  # characters
SIZE_MAX = (1 << 31) - 1  # bytes: a longer ONNX file cannot be parsed
NUMBER_MAX = 10**15  # of any number in a card
DEPTH_MAX = 4  # of mappings and lists in figures and extras


def is_id(value: object) -> bool:
    """Whether value may name a network: lower-case words joined by "-", first of all a letter."""
    return _matches(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", value) and len(str(value)) <= ID_LONGEST


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """Pictures that a network saw in training."""

    name: str
    images: int  # number of them
    licence: str
    note: str  # what was left out or changed; may be empty

    def __post_init__(self) -> None:
        _check_text("training.data.name", self.name)
        check_whole("training.data.images", self.images, 1, NUMBER_MAX)
        _check_text("training.data.licence", self.licence)
        if self.note != "":
            _check_text("training.data.note", self.note)


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """How a network came about."""

    command: str  # that repeats it
    data: tuple[DataSet, ...]  # at least one; of a graph of several networks, that of them all
    steps: int  # 0: assembled from trained parts, then losses and reached may be empty
    minutes: float
    machine: str
    losses: dict[str, float]  # term -> weight
    reached: dict[str, float]  # measure -> value at the end

    def __post_init__(self) -> None:
        _check_text("training.command", self.command)
        _check_tuple("training.data", self.data, DataSet, "data sets")
        check_whole("training.steps", self.steps, 0, NUMBER_MAX)
        _check_number("training.minutes", self.minutes, low=0)
        _check_text("training.machine", self.machine)
        for name, values in (("losses", self.losses), ("reached", self.reached)):
            _check_mapping(f"training.{name}", values, empty=self.steps == 0)
            for key, value in values.items():
                _check_number(f"training.{name}.{key}", value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What is known about one network. Raises ValueError for a field that cannot be."""

    id: str  # lower-case words joined by "-"; the name of both files
    role: Role
    preset: str  # one of the sizes that the training code knows: lower-case words, as in id
    sha256: str  # of the ONNX file, hex
    size: int  # of the ONNX file, bytes
    parameters: int  # number of them
    multiply_adds: int  # for a picture of 768x512
    architecture: tuple[str, ...]  # sentences
    opset: int  # of ONNX
    precision: str  # of arithmetic and storage
    inputs: dict[str, str]  # name -> shape, type and range: "(B, 3, H, W) float32, 0..1"
    outputs: dict[str, str]  # the same
    licence: str  # of the weights
    training: Training
    figures: dict[str, Any]  # "command" repeats them; measure -> value, or a mapping of such
    limits: tuple[str, ...]  # sentences: what the network is not good for
    version: str  # of the ablc that made it
    extras: dict[str, Any]  # what the runtime has to know beyond that, by name; may be empty

    def __post_init__(self) -> None:
        for name, value in (("id", self.id), ("preset", self.preset)):
            if not is_id(value):
                raise ValueError(
                    f'{name} must be lower-case words joined by "-", at most {ID_LONGEST} '
                    f"characters, not {reprlib.repr(value)}"
                )
        check_choice("role", self.role, ROLES)
        if not _matches("[0-9a-f]{64}", self.sha256):
            raise ValueError(
                f"sha256 must be 64 lower-case hex digits, not {reprlib.repr(self.sha256)}"
            )
        check_whole("size", self.size, 1, SIZE_MAX)
        check_whole("parameters", self.parameters, 1, NUMBER_MAX)
        check_whole("multiply_adds", self.multiply_adds, 1, NUMBER_MAX)
        check_whole("opset", self.opset, 1, 1000)
        for name in ("architecture", "limits"):
            sentences = getattr(self, name)
            _check_tuple(name, sentences, str, "sentences")
            for sentence in sentences:
                _check_text(name, sentence)
        for name in ("precision", "licence", "version"):
            _check_text(name, getattr(self, name))
        for name in ("inputs", "outputs"):
            shapes = getattr(self, name)
            _check_mapping(name, shapes)
            for key, shape in shapes.items():
                _check_text(f"{name}.{key}", shape)
        if not isinstance(self.training, Training):
            raise ValueError(f"training must be a Training, not {reprlib.repr(self.training)}")
        _check_mapping("figures", self.figures)
        if not isinstance(self.figures.get("command"), str) or len(self.figures) < 2:
            raise ValueError("figures must have the command that repeats them, and a measure")
        _check_tree("figures", self.figures)
        _check_mapping("extras", self.extras, empty=True)
        _check_tree("extras", self.extras)

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The card in a JSON file. Raises ValueError naming the field that is wrong."""
        try:
            card = _arguments(cls, json.loads(data.decode("utf-8")), "the card")
            training = _arguments(Training, card["training"], "training")
            training["data"] = _tuple(training["data"])
            if isinstance(training["data"], tuple):
                training["data"] = tuple(
                    DataSet(**_arguments(DataSet, found, "training.data"))
                    for found in training["data"]
                )
            for name in ("architecture", "limits"):
                card[name] = _tuple(card[name])
            return cls(**{**card, "training": Training(**training)})
        except RecursionError as error:
            raise ValueError("the card is nested too deeply") from error

    def pack(self) -> bytes:
        """The JSON file of a card: the fields in order, indented, a newline at the end."""
        text = json.dumps(asdict(self), indent=2, ensure_ascii=False, allow_nan=False)
        return f"{text}\n".encode()


def _arguments(kind: type[Any], found: object, name: str) -> dict[str, Any]:
    """A JSON object as arguments of kind. Raises ValueError unless it has just kind's fields."""
    if not isinstance(found, dict):
        raise ValueError(f"{name} must be an object, not {reprlib.repr(found)}")
    wanted = [field.name for field in fields(kind)]
    if missing := [field for field in wanted if field not in found]:
        raise ValueError(f"{name} lacks {', '.join(missing)}")
    if unknown := [field for field in found if field not in wanted]:
        raise ValueError(f"{name} has no field {reprlib.repr(unknown[0])}; extras takes more")
    return dict(found)


def _tuple(found: object) -> object:
    """A list as a tuple; anything else as it is, for the checks to refuse."""
    return tuple(found) if isinstance(found, list) else found


def _matches(pattern: str, value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _check_text(name: str, value: object) -> None:
    if not (isinstance(value, str) and value.strip() and value.isprintable()):
        raise ValueError(f"{name} must be one line of text, not {reprlib.repr(value)}")


def _check_number(name: str, value: object, low: float = -NUMBER_MAX) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (number and low <= value <= NUMBER_MAX):  # type: ignore[operator]  # false for NaN
        raise ValueError(
            f"{name} must be a number in {low:g}..{NUMBER_MAX:g}, not {reprlib.repr(value)}"
        )


def _check_tuple(name: str, value: object, kind: type, things: str) -> None:
    if not (isinstance(value, tuple) and value and all(isinstance(v, kind) for v in value)):
        raise ValueError(f"{name} must be one or more {things}, not {reprlib.repr(value)}")


def _check_mapping(name: str, value: object, *, empty: bool = False) -> None:
    if not isinstance(value, dict) or not (value or empty):
        wanted = "a mapping" if empty else "a mapping that is not empty"
        raise ValueError(f"{name} must be {wanted}, not {reprlib.repr(value)}")
    for key in value:
        _check_text(f"a name in {name}", key)


def _check_tree(name: str, value: object, depth: int = 0) -> None:
    """Raises ValueError unless value is text, number, truth value, list or mapping of such."""
    if depth > DEPTH_MAX:
        raise ValueError(f"{name} is nested more than {DEPTH_MAX} deep")
    if isinstance(value, dict):
        _check_mapping(name, value, empty=True)
        for key, inner in value.items():
            _check_tree(f"{name}.{key}", inner, depth + 1)
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            _check_tree(f"{name}[{i}]", inner, depth + 1)
    elif isinstance(value, str):
        _check_text(name, value)
    elif not isinstance(value, bool):
        _check_number(name, value)
