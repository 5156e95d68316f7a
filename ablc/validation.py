"""What pydantic's errors mean, in the words of ablc.options.

pydantic checks the parameters of HTTP requests and, inside Typer, the options of commands.
"""

from typing import Any

KINDS = {
    "float": "a number",
    "finite": "a finite number",
    "int": "a whole number",
    "bool": "true or false",
}  # beginnings of pydantic's types of errors


def expected(error: dict[str, Any]) -> str:
    """Return which values are allowed. error: one of pydantic's ValidationError.errors()."""
    context = error.get("ctx", {})
    match error["type"]:
        case "literal_error":
            names = context["expected"].replace("'", "").replace(" or ", ", ")
            return f"one of {names}" if ", " in names else str(names)
        case "greater_than":
            return f"above {context['gt']:g}"
        case "greater_than_equal":
            return f"at least {context['ge']:g}"
        case "less_than_equal":
            return f"at most {context['le']:.12g}"
        case kind:
            return next((words for part, words in KINDS.items() if kind.startswith(part)), "valid")


def refusal(error: dict[str, Any]) -> str:
    """Return what is wrong with a value."""
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    return f"must be {expected(error)}, not {error['input']!r}"
