"""Ctrl-C ends a command at once, even while the codec or a library computes.

The codec looks for signals while it works; other libraries do not, and Python runs its handler of a
signal between two of its own instructions, which may then be minutes away. A library may also keep
all other threads of Python waiting: Pillow does while it reads or writes JPEG 2000.
The operating system's handler writes a byte into a pipe first; a thread of the codec, which needs
no Python, waits for it and ends the process if Python has not done so within a moment.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ablc import _core

CODE = 130
MESSAGE = "interrupted"
MOMENT = 0.25  # seconds in which a command may end by itself
SHOW_CURSOR = "\x1b[?25h"  # which a spinner has hidden


@contextmanager
def prompt() -> Iterator[None]:
    """End the process soon after Ctrl-C, without temporary files, while the block runs.

    Once Ctrl-C was pressed, the process ends even if the block does: threads of libraries may still
    compute.
    """
    if threading.current_thread() is not threading.main_thread() or os.name == "nt":
        yield
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    with patient(MOMENT):
        _core.end_after_signal(reading, signal.SIGINT, CODE, _last_words())
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            os.close(writing)


@contextmanager
def patient(seconds: float) -> Iterator[None]:
    """Give a command more time to end by itself, to stop its processes and save its results."""
    before = _core.set_patience(seconds)
    try:
        yield
    finally:
        _core.set_patience(before)


def say() -> None:
    """Print once, even from two threads, that the command was interrupted."""
    if _core.may_say_end():
        with suppress(OSError, ValueError):
            os.write(2, _last_words())


def _last_words() -> bytes:
    cursor = SHOW_CURSOR if os.isatty(2) else ""
    return f"{cursor}ablc: {MESSAGE}\n".encode()
