"""Which networks are installed, their weights, and how a stream names one.

A network is two files in one folder, named after its id: `fill-small.onnx` and its card
`fill-small.json`. Networks are looked for in the folder that the environment variable ABLC_MODELS
names, if it is set, then among those that come with ablc: an id in the first hides the same id in
the second. Weights are never read without being checked against their card.

The section MODL of a stream (docs/FORMAT.md) names the network that should paint dropped blocks:

    bytes     meaning
    1..64     the id, ASCII
    8         the first bytes of the SHA-256 of its ONNX file

Eight bytes tell versions apart; they are no signature. The name is looked up by both parts, in both
folders: a stream is painted by just the version it names, hidden or not, or by none.
"""

import hashlib
import os
from pathlib import Path

from ablc.errors import ModelError
from ablc.runtime.cards import Card, is_id

SHIPPED = Path(__file__).parent / "models"
VARIABLE = "ABLC_MODELS"
HASH_BYTES = 8  # of the SHA-256, in a stream
CARD_MAX = 1 << 20  # bytes


def ids(folder: Path | None = None) -> list[str]:
    """The ids of all networks, sorted, damaged ones included.

    folder: where to look first, here and below; default: the folder that ABLC_MODELS names.
    Raises ModelError if that is no folder.
    """
    found: set[str] = set()
    for place in _homes(folder):
        try:
            paths = list(place.iterdir())
        except OSError as error:
            raise ModelError(f"{place}: {error.strerror}") from error
        found.update(path.stem for path in paths if path.suffix in (".json", ".onnx"))
    return sorted(filter(is_id, found))


def models(folder: Path | None = None) -> list[Card]:
    """The cards of all networks, sorted by id. Raises ModelError if one is damaged."""
    return [card(model_id, folder) for model_id in ids(folder)]


def home(model_id: str, folder: Path | None = None) -> Path:
    """The folder that a network is taken from. Raises ModelError, naming all ids, without one."""
    for found in _homes_of(model_id, folder):
        return found
    known = ", ".join(ids(folder)) or "none"
    raise ModelError(f"no network {model_id!r} is installed; installed: {known}")


def card(model_id: str, folder: Path | None = None) -> Card:
    """The card of a network. Raises ModelError if it is not installed, or its card is damaged."""
    return _read_card(home(model_id, folder), model_id)


def load(model: str | Card, folder: Path | None = None) -> bytes:
    """The ONNX file of a network: of an id, or of just the version that a card describes.

    Raises ModelError unless size and hash are those of the card; no more is read than that size.
    """
    if isinstance(model, str):
        found, place = card(model, folder), home(model, folder)
    else:
        found, place = model, _home_of_card(model, folder)
    return _read_weights(place / f"{found.id}.onnx", found)


def verify(model: str | Card, folder: Path | None = None) -> None:
    """Raises ModelError unless the network is there and undamaged."""
    load(model, folder)


def name_in_stream(card: Card) -> bytes:
    """The body of the section MODL that names a network."""
    return b"".join((card.id.encode("ascii"), bytes.fromhex(card.sha256)[:HASH_BYTES]))


def parse_name(name: bytes) -> tuple[str, str]:
    """The id and the start of the hash, hex, in a section MODL. Raises ModelError if not there."""
    model_id = name[:-HASH_BYTES].decode("ascii", "replace")
    if not is_id(model_id):
        shown = name[:32].hex() + ("..." if len(name) > 32 else "")
        raise ModelError(f"the stream names its network in a way that is not known here: {shown}")
    return model_id, name[-HASH_BYTES:].hex()


def find_named(name: bytes, folder: Path | None = None) -> Card:
    """The card of the network that a section MODL names; load() takes it.

    Raises ModelError, naming id and hash, if it is missing or there in another version.
    """
    model_id, wanted = parse_name(name)
    others = []
    for place in _homes_of(model_id, folder):
        found = _read_card(place, model_id)
        if name_in_stream(found) == name:
            return found
        others.append(_short(found.sha256))
    state = f"installed: {model_id} {', '.join(others)}" if others else "it is not installed"
    raise ModelError(f"the stream needs the network {model_id} {wanted}; {state}")


def _homes(folder: Path | None) -> list[Path]:
    """The folders to look in, in order. Raises ModelError if the first is none."""
    variable = "" if folder else os.environ.get(VARIABLE, "")
    own = folder or (Path(variable) if variable else None)
    if own is not None and not own.is_dir():
        source = f"{VARIABLE}: " if variable else ""
        raise ModelError(f"{source}{own} is not a folder")
    shipped = [SHIPPED] if SHIPPED.is_dir() else []
    return [own, *shipped] if own else shipped


def _homes_of(model_id: str, folder: Path | None) -> list[Path]:
    """Those of the folders that have a network. What is no id never becomes part of a path."""
    homes = _homes(folder)
    if not is_id(model_id):
        return []
    ends = (".json", ".onnx")
    return [place for place in homes if any(os.path.exists(place / (model_id + e)) for e in ends)]


def _home_of_card(card: Card, folder: Path | None) -> Path:
    """The folder of the very network that a card describes. Raises ModelError if there is none."""
    for place in _homes_of(card.id, folder):
        if _read_card(place, card.id) == card:
            return place
    raise ModelError(f"the network {card.id} {_short(card.sha256)} is not installed")


def _read_card(place: Path, model_id: str) -> Card:
    path = place / f"{model_id}.json"
    data = _read(path, CARD_MAX)
    if len(data) > CARD_MAX:
        raise ModelError(f"{path}: a card has at most {CARD_MAX:,} bytes")
    try:
        found = Card.parse(data)
    except ValueError as error:
        raise ModelError(f"{path}: {error}") from error
    if found.id != model_id:
        raise ModelError(f"{path}: id is {found.id!r}, the file is named after {model_id!r}")
    return found


def _read_weights(path: Path, card: Card) -> bytes:
    data = _read(path, card.size)
    if len(data) != card.size:
        found = f"more than {card.size:,}" if len(data) > card.size else f"{len(data):,}"
        raise ModelError(
            f"{path}: size is {found}, its card says {card.size:,}: reinstall or retrain"
        )
    digest = hashlib.sha256(data).hexdigest()
    if digest != card.sha256:
        raise ModelError(
            f"{path}: sha256 is {_short(digest)}.., its card says {_short(card.sha256)}..: "
            "reinstall or retrain"
        )
    return data


def _read(path: Path, most: int) -> bytes:
    """A file's bytes; of a longer one most + 1. Raises ModelError if it is no readable file."""
    if not os.path.isfile(path):  # a pipe would block
        raise ModelError(f"{path}: no such file; a network is an ONNX file and its card (.json)")
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            return file.read(min(size, most) + 1)
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}") from error


def _short(sha256: str) -> str:
    """As many hex digits of a hash as a stream holds."""
    return sha256[: 2 * HASH_BYTES]
