"""A Python process of its own."""

import os
import subprocess
import sys


def run(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs code outside the checkout, whose folder ablc has no extension after a plain install.

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
    """What code prints. Fails, with what it said, if it does."""
    done = run(code)
    assert done.returncode == 0, done.stderr
    return done.stdout
