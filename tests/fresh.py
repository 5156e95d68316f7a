"""Runs code in a separate Python process."""

import os
import subprocess
import sys


def run(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code outside the checkout, whose folder ablc lacks the extension after a plain install.

    arguments: those of the program. environment: variables beside those of this process.
    """
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        timeout=60,
    )


def result(code: str) -> str:
    """Return the output of code. Fails if the process does, with its messages."""
    done = run(code)
    assert done.returncode == 0, done.stderr
    return done.stdout
