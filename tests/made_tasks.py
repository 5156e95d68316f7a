"""Measurements that other processes can import, unlike those of test modules."""

import os
from pathlib import Path

from ablc.eval.store import TaskResult


def count(place: Path, number: int) -> TaskResult:
    """Write the number into the file trace, to show that this ran."""
    with (place / "trace").open("a") as file:
        file.write(f"{number}\n")
    return TaskResult({"number": number}, {"number.txt": str(number).encode()})


def fail(place: Path, number: int) -> TaskResult:
    if number == 1:
        raise RuntimeError("out of luck")
    return count(place, number)


def die(place: Path, number: int) -> TaskResult:
    if number == 1:
        os._exit(9)
    return count(place, number)
