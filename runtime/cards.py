"""Model cards: what a network is, how it was made, how good it is, and its limits.

A card is a JSON file beside the network's ONNX file, with the fields of ModelCard in their order.
The training code writes it.
"""

import json
import re
import reprlib
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self

from ablc.network_names import ID_LONGEST, is_id
from ablc.options import check_choice, check_whole

# "step" is the update graph: ids in streams begin with it.
Role = Literal["fill", "encoder", "generator", "condition", "step", "stage2"]
ROLES: tuple[Role, ...] = ("fill", "encoder", "generator", "condition", "step", "stage2")

SIZE_MAX = (1 << 31) - 1  # bytes: a longer ONNX file cannot be parsed
NUMBER_MAX = 10**15  # of any number in a card
DEPTH_MAX = 4  # of mappings and lists in figures and extras


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
    """How a network was made."""

    command: str  # repeats the training
    data: tuple[DataSet, ...]  # at least one; for a graph of several networks, those of all
    steps: int  # 0: assembled from trained parts; losses and reached may then be empty
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
class ModelCard:
    """A network's card. Raises ValueError for a field with an impossible value."""

    id: str  # lower-case words joined by "-"; the name of both files
    role: Role
    preset: str  # name of its widths and depths in the training code: lower-case words, as in id
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
    figures: dict[str, Any]  # "command" repeats them; measure -> value, or a mapping of these
    limits: tuple[str, ...]  # sentences: uses for which the network is not good
    version: str  # of ablc when it was made
    extras: dict[str, Any]  # further data for the runtime, by name; may be empty

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
        """Return the card in a JSON file. Raises ValueError, which names the wrong field."""
        try:
            card = _arguments(cls, json.loads(data.decode("utf-8")), "the card")
            training = _arguments(Training, card["training"], "training")
            training["data"] = _tuple(training["data"])
            if isinstance(training["data"], tuple):
                training["data"] = tuple(
                    DataSet(**_arguments(DataSet, item, "training.data"))
                    for item in training["data"]
                )
            for name in ("architecture", "limits"):
                card[name] = _tuple(card[name])
            return cls(**{**card, "training": Training(**training)})
        except RecursionError as error:
            raise ValueError("the card is nested too deeply") from error

    def pack(self) -> bytes:
        """Return the JSON file of a card: the fields in order, indented, a newline at the end."""
        text = json.dumps(asdict(self), indent=2, ensure_ascii=False, allow_nan=False)
        return f"{text}\n".encode()


def _arguments(kind: type[Any], parsed: object, name: str) -> dict[str, Any]:
    """Return a JSON object as arguments of kind. Raises ValueError unless it has kind's fields."""
    if not isinstance(parsed, dict):
        raise ValueError(f"{name} must be an object, not {reprlib.repr(parsed)}")
    names = [field.name for field in fields(kind)]
    if missing := [field for field in names if field not in parsed]:
        raise ValueError(f"{name} lacks {', '.join(missing)}")
    if unknown := [field for field in parsed if field not in names]:
        raise ValueError(
            f"{name} has no field {reprlib.repr(unknown[0])}; put further data into extras"
        )
    return dict(parsed)


def _tuple(value: object) -> object:
    """Return a list as a tuple; anything else as it is, for the checks to refuse."""
    return tuple(value) if isinstance(value, list) else value


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
        expected = "a mapping" if empty else "a mapping that is not empty"
        raise ValueError(f"{name} must be {expected}, not {reprlib.repr(value)}")
    for key in value:
        _check_text(f"a name in {name}", key)


def _check_tree(name: str, value: object, depth: int = 0) -> None:
    """Raise ValueError unless value is text, a number, a truth value, or a list or mapping."""
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
