"""Objects that a forked process must not use as it inherits them.

Threads other than the one that forks do not exist in the child. Destroying a session of ONNX
Runtime there waits for its threads for ever, and so does a lock that one of them held.
"""

import ctypes
import os
import weakref
from typing import Protocol


class Restartable(Protocol):
    """An object with locks, or with sessions, that can be used in a forked process."""

    def restart(self) -> None:
        """Replace locks and sessions by new ones."""


_undying: "weakref.WeakSet[object]" = weakref.WeakSet()
_restartable: "weakref.WeakSet[Restartable]" = weakref.WeakSet()


def never_destroy(inherited: object) -> None:
    """Keep forked processes from destroying an object, even when they exit."""
    _undying.add(inherited)


def restart_in_children(inherited: Restartable) -> None:
    """Let forked processes call restart() of an object before anything else."""
    _restartable.add(inherited)


def _begin_child() -> None:
    for inherited in list(_undying):
        # A list of them is not enough: the interpreter clears all modules when it exits.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(inherited))
    for restartable in list(_restartable):
        restartable.restart()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_child)
