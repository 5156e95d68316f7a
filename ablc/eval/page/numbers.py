"""Numbers as the page writes them."""

NONE = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"


def fixed(value: float | None, places: int) -> str:
    """So many decimal places; a dash for None."""
    return NONE if value is None else f"{value:.{places}f}".replace("-", MINUS)


def signed(value: float | None, places: int) -> str:
    """The same with its sign."""
    return NONE if value is None else f"{value:+.{places}f}".replace("-", MINUS)


def percent(value: float | None) -> str:
    """A change in whole per cent, with its sign; value is in per cent."""
    return NONE if value is None else f"{value:+.0f} %".replace("-", MINUS)


def whole(value: float | None) -> str:
    """Rounded, thousands apart."""
    return NONE if value is None else f"{value:,.0f}"


def counted(number: int, noun: str) -> str:
    """A number of things: 1 picture, 2 pictures."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
