"""A check for sub-interpreters, in which the package cannot be imported.

The extension module needs the lock of the main interpreter, and would wait for it for ever in
another; numpy does not support sub-interpreters either. `ablc` imports this module first.
"""

from importlib import import_module

MODULES = "_interpreters", "_xxsubinterpreters"  # from Python 3.13 on, and before
MAIN = 0  # number of the main interpreter


def current() -> int:
    """Return the number of the interpreter that runs this code."""
    for name in MODULES:
        try:
            number = import_module(name).get_current()
        except ImportError:
            continue
        return int(number[0] if isinstance(number, tuple) else number)
    return MAIN  # not CPython


if current() != MAIN:
    raise ImportError(
        "ablc and numpy do not run in a sub-interpreter: import them in the main one; for "
        "mod_wsgi set `WSGIApplicationGroup %{GLOBAL}`"
    )
