"""Painters: the one that a stream names, and those that are installed."""

from ablc import _core
from ablc.arguments import Data, stream_of
from ablc.errors import ModelError


def painter_of(data: Data) -> str | None:
    """Return the painter that a stream names, as the setting paint has it.

    None if it names none, or in a damaged form. Raises StreamError if data is no stream.
    """
    named = _core.Stream(stream_of(data), partial=True).model
    if not named:
        return None
    from ablc.runtime import painter  # late: most streams name none

    try:
        name = painter.painter_named(named)
    except ModelError:
        return None
    return None if name is None else str(name)


def installed_painters() -> list[str]:
    """Return the ids of the installed networks that fill, sorted; damaged cards are left out."""
    from ablc.runtime import registry  # late: most programs run no networks

    found = []
    for model_id in registry.ids():
        try:
            card = registry.card(model_id)
        except ModelError:
            continue
        found += [model_id] if card.role == "fill" else []
    return found
