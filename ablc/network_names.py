"""Names of networks: `fill-small`, `fill-small@029f1ac111bfcbba`, `fill-small:0.7`.

A name is an id; then, after "@", the hash of one version, as far as streams hold it; then, after
":", the strength at which it should paint.
"""

import re
from typing import NamedTuple, Self

ID_LONGEST = 64  # characters
ID = r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
FORM = re.compile(rf"({ID})(?:@([0-9a-f]{{16}}))?(?::(.*))?")
STRENGTHS = 100  # steps from 0 to 1 in which streams recommend a strength


def is_id(value: object) -> bool:
    """True if value may name a network: lower-case words joined by "-", the first with a letter."""
    return isinstance(value, str) and len(value) <= ID_LONGEST and bool(re.fullmatch(ID, value))


class NetworkName(NamedTuple):
    """A network, perhaps in one version, and the strength recommended for it."""

    model_id: str
    short_hash: str | None = None  # of the SHA-256 of its ONNX file, the first 8 bytes, hex
    strength: float | None = None  # 0..1, in hundredths; None: the network's default

    def __str__(self) -> str:
        version = "" if self.short_hash is None else f"@{self.short_hash}"
        return self.model_id + version + ("" if self.strength is None else f":{self.strength:g}")

    @classmethod
    def parse(cls, text: object) -> Self:
        """Return the name that a text spells. Raises ValueError for anything else."""
        found = FORM.fullmatch(text) if isinstance(text, str) else None
        if found is None or not is_id(found[1]):
            raise ValueError(
                f"paint must be the id of a network, as in 'fill-small' or 'fill-small:0.7', "
                f"not {text!r}"
            )
        return cls(found[1], found[2], None if found[3] is None else _strength(found[3]))


def _strength(text: str) -> float:
    """Return a strength, rounded to what a stream holds. Raises ValueError unless it is in 0..1."""
    try:
        strength = float(text)
    except ValueError:
        strength = -1
    if not 0 <= strength <= 1:
        raise ValueError(f"paint must have a strength that is a number in 0..1, not {text!r}")
    return round(strength * STRENGTHS) / STRENGTHS
