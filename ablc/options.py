"""Options: meaning and range of a setting, stated once for Python, command line, HTTP and batches.

A dataclass of settings names the option of a field in its annotation:

>>> effort: Annotated[int, EFFORT] = 5
"""

import math
from dataclasses import dataclass, fields
from numbers import Integral, Real
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Option:
    """The meaning and the range of one setting."""

    help: str  # the meaning and the unit of the value; understandable on its own
    low: float | None = None  # least value
    high: float | None = None  # greatest value
    above: float | None = None  # bound that the value has to exceed
    whole: bool = False  # only whole numbers are allowed
    choices: tuple[str, ...] = ()  # the values allowed, if they are names
    flag: bool = False  # only True and False are allowed
    unit: str = ""  # of the value, in a word or two
    unset: str | None = None  # the meaning of None, possibly ""; without it None is not allowed

    @property
    def bounded(self) -> bool:
        """True if the value is a number."""
        return self.low is not None or self.above is not None

    def check(self, name: str, value: object) -> Any:
        """Return the value as Python has it: numpy's numbers become int, float and bool.

        Raises ValueError, which names the setting, unless the value is allowed.
        """
        if value is None and self.unset is not None:
            return None
        high = math.inf if self.high is None else self.high
        low = (self.low or 0) if self.above is None else self.above
        if self.choices:
            return check_choice(name, value, self.choices)
        if self.whole:
            return check_whole(name, value, int(low), None if self.high is None else int(high))
        if self.bounded:
            return check_number(name, value, low, high, zero=self.low == 0)
        return check_flag(name, value) if self.flag else value


def check_options(settings: Any) -> None:
    """Make each field of a frozen dataclass what its option allows. Raises ValueError otherwise."""
    for field in fields(settings):
        for option in getattr(field.type, "__metadata__", ()):
            value = option.check(field.name, getattr(settings, field.name))
            object.__setattr__(settings, field.name, value)


def check_number(
    name: str, value: object, low: float, high: float, *, zero: bool = False
) -> int | float:
    """Return a finite number in low..high, above 0. Raises ValueError for anything else.

    zero: whether 0 is allowed too.
    """
    expected = f"a number above {low:g}" if high == math.inf else f"a number in {low:g}..{high:g}"
    if low == 0 and high != math.inf and not zero:
        expected += ", above 0"
    number = number_of(value)
    inside = number is not None and math.isfinite(number) and low <= number <= high
    if number is None or not inside or (number == 0 and not zero):
        raise ValueError(f"{name} must be {expected}, not {value!r}")
    return number


def check_whole(name: str, value: object, low: int, high: int | None = None) -> int:
    """Return a whole number in low..high. Raises ValueError for anything else."""
    expected = f"at least {low}" if high is None else f"in {low}..{high}"
    number = number_of(value)
    if not isinstance(number, int) or number < low or (high is not None and number > high):
        raise ValueError(f"{name} must be a whole number {expected}, not {value!r}")
    return number


def check_choice(name: str, value: object, choices: tuple[str, ...]) -> str:
    """Return one of choices. Raises ValueError for anything else."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, not {value!r}")
    return str(value)


def check_flag(name: str, value: object) -> bool:
    """Return True or False; 1 and 0 stand for them. Raises ValueError for anything else."""
    if isinstance(value, bool | np.bool_ | int) and value in (0, 1):
        return bool(value)
    raise ValueError(f"{name} must be True or False, not {value!r}")


def number_of(value: object) -> int | float | None:
    """Return a number of Python, numpy or any other library as int or float; None if it is none.

    Arrays without dimensions are numbers; bool is not.
    """
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, bool | np.bool_):
        return None
    if isinstance(value, Integral):
        return int(value)
    return float(value) if isinstance(value, Real) else None
