"""The installed networks, their weights, and the names of networks in streams.

A network is two files in one folder, named after its id: `fill-small.onnx` and its card
`fill-small.json`. Two folders are searched: the one in the environment variable ABLC_MODELS, if it
is set, then the one that comes with ablc. An id in the first hides the same id in the second.
Weights are never used without being checked against their card.

The section MODL of a stream (docs/FORMAT.md) names the network that should paint dropped blocks:

    bytes     meaning
    1..64     the id, ASCII
    0..1      128 and the recommended strength in hundredths; missing: the network's default
    8         the first bytes of the SHA-256 of its ONNX file

Eight bytes tell versions apart; they are not a signature. Both folders are searched for both parts
of the name: a stream is painted by exactly the version it names, hidden or not, or not at all. So
the id of a network stays for as long as there are streams that hold it: the update graph is
"step-small" for this reason.
"""

import hashlib
import os
from pathlib import Path

from ablc.errors import ModelError
from ablc.network_names import STRENGTHS, NetworkName, is_id
from ablc.runtime.cards import ModelCard

SHIPPED = Path(__file__).parent / "models"
VARIABLE = "ABLC_MODELS"  # environment variable
HASH_BYTES = 8  # of the SHA-256 in a stream
STRENGTH_NONE = 128  # the byte of strength 0; no byte of an id is as great
CARD_MAX = 1 << 20  # bytes


def ids(folder: Path | None = None) -> list[str]:
    """Return the ids of all networks, sorted, including damaged ones.

    folder: searched first, here and below; default: the folder in ABLC_MODELS.
    Raises ModelError if it is not a folder.
    """
    names: set[str] = set()
    for home in _homes(folder):
        try:
            paths = list(home.iterdir())
        except OSError as error:
            raise ModelError(f"{home}: {error.strerror}") from error
        names.update(path.stem for path in paths if path.suffix in (".json", ".onnx"))
    return sorted(filter(is_id, names))


def models(folder: Path | None = None) -> list[ModelCard]:
    """Return the cards of all networks, sorted by id. Raises ModelError if one is damaged."""
    return [card(model_id, folder) for model_id in ids(folder)]


def home(model_id: str, folder: Path | None = None) -> Path:
    """Return the folder of a network. Raises ModelError, which names all ids, if there is none."""
    for first in _homes_of(model_id, folder):
        return first
    known = ", ".join(ids(folder)) or "none"
    raise ModelError(f"no network {model_id!r} is installed; installed: {known}")


def card(model_id: str, folder: Path | None = None) -> ModelCard:
    """Return the card of a network. Raises ModelError if it is not installed or damaged."""
    return _read_card(home(model_id, folder), model_id)


def load(model: str | ModelCard, folder: Path | None = None) -> bytes:
    """Return the ONNX file of a network, given its id or the card of an exact version.

    Raises ModelError unless length and hash are those of the card; no more than that is read.
    """
    if isinstance(model, str):
        model_card, place = card(model, folder), home(model, folder)
    else:
        model_card, place = model, _home_of_card(model, folder)
    return _read_weights(place / f"{model_card.id}.onnx", model_card)


def verify(model: str | ModelCard, folder: Path | None = None) -> None:
    """Raise ModelError unless the network is installed and undamaged."""
    load(model, folder)


def name_in_stream(card: ModelCard, strength: float | None = None) -> bytes:
    """Return the body of the section MODL that names a network.

    strength: recommended, 0..1 in hundredths; None: the network's default.
    """
    return pack_name(NetworkName(card.id, _short(card.sha256), strength))


def pack_name(name: NetworkName) -> bytes:
    """Return the body of the section MODL for a name with a hash."""
    recommended = (
        () if name.strength is None else (STRENGTH_NONE + round(STRENGTHS * name.strength),)
    )
    return b"".join(
        (name.model_id.encode("ascii"), bytes(recommended), bytes.fromhex(name.short_hash or ""))
    )


def parse_name(name: bytes) -> NetworkName:
    """Return the name, with its hash, in the body of MODL. Raises ModelError for another form."""
    start, short_hash = name[:-HASH_BYTES], name[-HASH_BYTES:].hex()
    strength = None
    if start and start[-1] >= STRENGTH_NONE:
        strength, start = (start[-1] - STRENGTH_NONE) / STRENGTHS, start[:-1]
    model_id = start.decode("ascii", "replace")
    if not is_id(model_id):
        shown = name[:32].hex() + ("..." if len(name) > 32 else "")
        raise ModelError(f"the stream names its network in an unknown form: {shown}")
    if strength is not None and strength > 1:
        raise ModelError(f"the stream names {model_id} with a strength out of 0..1: {strength:g}")
    return NetworkName(model_id, short_hash, strength)


def find_named(name: bytes, folder: Path | None = None) -> ModelCard:
    """Return the card, for load(), of the network that the body of MODL names.

    Raises ModelError, with id and hash, if it is missing or installed in another version.
    """
    model_id, short_hash, _ = parse_name(name)
    others = []
    for place in _homes_of(model_id, folder):
        other = _read_card(place, model_id)
        if _short(other.sha256) == short_hash:
            return other
        others.append(_short(other.sha256))
    state = f"installed: {model_id} {', '.join(others)}" if others else "it is not installed"
    state += f"; {VARIABLE} can name a folder that has {model_id}.onnx and {model_id}.json"
    raise ModelError(f"the stream needs the network {model_id} {short_hash}; {state}")


def _homes(folder: Path | None) -> list[Path]:
    """Return the folders to search, in order. Raises ModelError if the first is not a folder."""
    variable = "" if folder else os.environ.get(VARIABLE, "")
    own = folder or (Path(variable) if variable else None)
    if own is not None and not own.is_dir():
        source = f"{VARIABLE}: " if variable else ""
        raise ModelError(f"{source}{own} is not a folder")
    shipped = [SHIPPED] if SHIPPED.is_dir() else []
    return [own, *shipped] if own else shipped


def _homes_of(model_id: str, folder: Path | None) -> list[Path]:
    """Return the folders that have a network. Only ids become parts of paths."""
    homes = _homes(folder)
    if not is_id(model_id):
        return []
    ends = (".json", ".onnx")
    return [place for place in homes if any(os.path.exists(place / (model_id + e)) for e in ends)]


def _home_of_card(card: ModelCard, folder: Path | None) -> Path:
    """Return the folder of the network with this very card. Raises ModelError if there is none."""
    for place in _homes_of(card.id, folder):
        if _read_card(place, card.id) == card:
            return place
    raise ModelError(f"the network {card.id} {_short(card.sha256)} is not installed")


def _read_card(place: Path, model_id: str) -> ModelCard:
    path = place / f"{model_id}.json"
    data = _read(path, CARD_MAX)
    if len(data) > CARD_MAX:
        raise ModelError(f"{path}: a card has at most {CARD_MAX:,} bytes")
    try:
        parsed = ModelCard.parse(data)
    except ValueError as error:
        raise ModelError(f"{path}: {error}") from error
    if parsed.id != model_id:
        raise ModelError(f"{path}: id is {parsed.id!r}, the file is named after {model_id!r}")
    return parsed


def _read_weights(path: Path, card: ModelCard) -> bytes:
    data = _read(path, card.size)
    if len(data) != card.size:
        length = f"more than {card.size:,}" if len(data) > card.size else f"{len(data):,}"
        raise ModelError(
            f"{path}: size is {length}, its card says {card.size:,}: reinstall or retrain"
        )
    digest = hashlib.sha256(data).hexdigest()
    if digest != card.sha256:
        raise ModelError(
            f"{path}: sha256 is {_short(digest)}.., its card says {_short(card.sha256)}..: "
            "reinstall or retrain"
        )
    return data


def _read(path: Path, most: int) -> bytes:
    """Return a file's bytes, most + 1 of a longer one. Raises ModelError if it is not readable."""
    if not os.path.isfile(path):  # a pipe would block
        raise ModelError(f"{path}: no such file; a network is an ONNX file and its card (.json)")
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            return file.read(min(size, most) + 1)
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}") from error


def _short(sha256: str) -> str:
    """Return as many hex digits of a hash as a stream holds."""
    return sha256[: 2 * HASH_BYTES]
