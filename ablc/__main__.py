"""`python -m ablc`, and the script `ablc`: the command line."""

import os
import signal
from types import FrameType
from typing import NoReturn

CODE, MESSAGE = (
    130,
    b"ablc: interrupted\n",
)  # as in ablc.cli.interrupts, which is still to be loaded


def main() -> NoReturn:
    """Run the command line, which Ctrl-C also ends while its modules are being imported."""
    as_usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if as_usual:
        signal.signal(signal.SIGINT, _end)
    from ablc.cli import main as command_line

    if as_usual:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    command_line.main()


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    os.write(2, MESSAGE)
    os._exit(CODE)


if __name__ == "__main__":
    main()
