"""Options: meaning and range of a setting, stated once for Python, command line, HTTP and batches.

A dataclass of settings names the option of a field in its annotation:

>>> effort: Annotated[int, EFFORT] = 5
"""

import math
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Option:
    """The meaning and the range of one setting."""

    help: str  # the meaning and the unit of the value; understandable on its own
    low: float | None = None  # least value
    high: float | None = None  # greatest value
    above: float | None = None  # bound that the value has to exceed
    whole: bool = False  # only whole numbers are allowed
    choices: tuple[str, ...] = ()  # the values allowed, if they are names
    unit: str = ""  # of the value, in a word or two
    unset: str | None = None  # the meaning of None, possibly ""; without it None is not allowed

    @property
    def bounded(self) -> bool:
        """True if the value is a number."""
        return self.low is not None or self.above is not None

    def check(self, name: str, value: object) -> None:
        """Raise ValueError, which names the setting, unless the value is allowed."""
        if value is None and self.unset is not None:
            return
        high = math.inf if self.high is None else self.high
        low = (self.low or 0) if self.above is None else self.above
        if self.choices:
            check_choice(name, value, self.choices)
        elif self.whole:
            check_whole(name, value, int(low), None if self.high is None else int(high))
        elif self.bounded:
            check_number(name, value, low, high)


def check_options(settings: Any) -> None:
    """Raise ValueError unless each field of a dataclass is what its option allows."""
    for field in fields(settings):
        for option in getattr(field.type, "__metadata__", ()):
            option.check(field.name, getattr(settings, field.name))


def check_number(name: str, value: object, low: float, high: float) -> None:
    """Raise ValueError unless value is a finite number in low..high, above 0."""
    expected = f"a number above {low:g}" if high == math.inf else f"a number in {low:g}..{high:g}"
    if low == 0 and high != math.inf:
        expected += ", above 0"
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError(f"{name} must be {expected}, not {value!r}")
    if not (math.isfinite(value) and value > 0 and low <= value <= high):
        raise ValueError(f"{name} must be {expected}, not {value!r}")


def check_whole(name: str, value: object, low: int, high: int | None = None) -> None:
    """Raise ValueError unless value is a whole number in low..high."""
    expected = f"at least {low}" if high is None else f"in {low}..{high}"
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{name} must be a whole number {expected}, not {value!r}")
    if value < low or (high is not None and value > high):
        raise ValueError(f"{name} must be a whole number {expected}, not {value!r}")


def check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Raise ValueError unless value is one of choices."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, not {value!r}")
