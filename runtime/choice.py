"""Which network paints a picture, and how strongly: what callers and streams say of it."""

from dataclasses import dataclass

from ablc.errors import ModelError
from ablc.network_names import NetworkName
from ablc.runtime import painter, registry, session
from ablc.runtime.cards import ModelCard
from ablc.runtime.painter import STRENGTH, UPDATE_PREFIX, Painter


@dataclass(frozen=True, slots=True)
class Choice:
    """A network and its strength."""

    card: ModelCard
    strength: float  # 0..1


def requested(
    named: bytes, model_id: str | None, strength: float | None, *, partial: bool
) -> tuple[Choice, str]:
    """Return the choice of a caller who wants networks, and a text about a name that is ignored.

    named: body of the stream's section MODL, which decides what the caller leaves open; may be
    empty. model_id, strength: those of the caller; None: open. partial: whether a damaged name is
    ignored; the text then says so.
    Raises ModelError if the network is not installed, or is of another role.
    """
    ignored = ""
    if model_id is not None:
        named = b""
    elif partial:
        try:
            painter.painter_named(named)
        except ModelError as error:
            named, ignored = b"", f"painted by {painter.FILL_DEFAULT}: {error}"
    return Choice(painter.fill_for(named, model_id), _strength(named, strength)), ignored


def recommended(named: bytes, strength: float | None, networks: Painter) -> Choice | None:
    """Return the choice of a stream; None if it names no painter.

    named: as above. strength: the caller's, which takes precedence; None: open.
    Raises ModelError if the name is damaged or the network missing or damaged, ProviderError if it
    cannot run.
    """
    if painter.painter_named(named) is None:
        return None
    card = painter.fill_for(named)
    session.onnxruntime()
    networks.check(card)
    return Choice(card, _strength(named, strength))


def pack(paint: str) -> bytes:
    """Return the body of MODL for the painter that the setting paint of an encoder names.

    Raises ModelError unless that network is installed, intact and of the role "fill"; a name with a
    hash need not be that of an installed network.
    """
    name = NetworkName.parse(paint)
    if name.short_hash is None:
        card = painter.fill_for(b"", name.model_id)
        registry.verify(card)
        return registry.name_in_stream(card, name.strength)
    if name.model_id.startswith(UPDATE_PREFIX):
        raise ModelError(f"{name.model_id} is the network of an update, not one that fills")
    return registry.pack_name(name)


def _strength(named: bytes, strength: float | None) -> float:
    """Return the strength of the caller, else of the stream, else of the network."""
    if strength is not None:
        return strength
    name = painter.painter_named(named)
    return STRENGTH if name is None or name.strength is None else name.strength
