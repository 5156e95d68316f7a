"""Measurements that other processes can import: modules of tests they cannot."""

import os
from pathlib import Path

from ablc.eval.store import Result


def count(place: Path, number: int) -> Result:
    """Leaves a trace of having run."""
    with (place / "trace").open("a") as file:
        file.write(f"{number}\n")
    return Result({"number": number}, {"number.txt": str(number).encode()})


def fail(place: Path, number: int) -> Result:
    if number == 1:
        raise RuntimeError("out of luck")
    return count(place, number)


def die(place: Path, number: int) -> Result:
    if number == 1:
        os._exit(9)
    return count(place, number)
