"""Where decoders keep the painter that holds their networks."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from ablc import forks

if TYPE_CHECKING:  # imported at run time only when a network is needed
    from ablc.runtime.painter import Painter


class PainterSlot:
    """Holds the painter of a decoder, which is made at most once until it is closed.

    Decoders that share their networks share the slot.
    A pickle or a deep copy is empty: networks cannot be copied, and are loaded again when needed.
    """

    def __init__(self) -> None:
        self._painter: Painter | None = None
        self.restart()
        forks.restart_in_children(self)

    def restart(self) -> None:
        """Replace the lock, which another thread of the parent of a forked process may hold."""
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type["PainterSlot"], tuple[()]]:
        return PainterSlot, ()

    def painter(self, make: Callable[[], "Painter"]) -> "Painter":
        """Return the painter; make is called if there is none."""
        with self._lock:
            if self._painter is None:
                self._painter = make()
            return self._painter

    def close(self) -> None:
        """Release the networks of the painter."""
        with self._lock:
            if self._painter is not None:
                self._painter.close()
            self._painter = None
