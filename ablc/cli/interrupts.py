"""Ctrl-C ends a command at once, even while the codec or a library computes.

The codec looks for signals while it works; other libraries do not, and Python runs its handler of a
signal between two of its own instructions, which may then be minutes away.
The operating system's handler writes a byte into a pipe first; a thread that waits for it ends the
process if Python has not done so within a moment.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ablc import files

CODE = 130
MESSAGE = "interrupted"
MOMENT = 0.25  # seconds in which a command may end by itself
SHOW_CURSOR = "\x1b[?25h"  # which a spinner has hidden

_moment = MOMENT
_unsaid = threading.Lock()


@contextmanager
def prompt() -> Iterator[None]:
    """End the process soon after Ctrl-C, without temporary files, while the block runs."""
    if threading.current_thread() is not threading.main_thread() or os.name == "nt":
        yield
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    pressed, ended = threading.Event(), threading.Event()
    threading.Thread(target=_watch, args=(reading, pressed, ended), daemon=True).start()
    try:
        yield
    finally:
        if not pressed.is_set():  # else threads of libraries may still compute: the watch goes on
            ended.set()
        signal.set_wakeup_fd(before)
        os.close(writing)


@contextmanager
def patient(seconds: float) -> Iterator[None]:
    """Give a command more time to end by itself, to stop its processes and save its results."""
    global _moment
    before, _moment = _moment, seconds
    try:
        yield
    finally:
        _moment = before


def _watch(reading: int, pressed: threading.Event, ended: threading.Event) -> None:
    """Wait for a byte that stands for Ctrl-C, or for the end of the block."""
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        while signals := pipe.read(1):
            if signals[0] == signal.SIGINT:
                pressed.set()
                if not ended.wait(_moment):
                    _end()


def say() -> None:
    """Print once, even from two threads, that the command was interrupted."""
    if _unsaid.acquire(blocking=False):
        with suppress(OSError, ValueError):
            cursor = SHOW_CURSOR if os.isatty(2) else ""
            os.write(2, f"{cursor}ablc: {MESSAGE}\n".encode())


def _end() -> None:
    files.remove_temporaries()
    say()
    os._exit(CODE)
