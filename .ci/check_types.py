"""Checks the types of ablc, runtime and export as the one package that an installation makes.

mypy finds modules by their folders, but runtime/ and export/ lie beside ablc/, not in it. So the
sources are linked below build/types/ as an installation arranges them; messages name the files in
the checkout. `python .ci/check_types.py [OPTION_OF_MYPY ...]`
"""

import os
import re
import shutil
import sys
from pathlib import Path

from mypy import api

TREE = Path("build/types/ablc")  # as [tool.mypy] in pyproject.toml has it
BESIDE = ("runtime", "export")  # of ablc/ in the checkout; parts of it in an installation


def link_sources() -> None:
    """Make a package of links to the entries of ablc/ and to the folders beside it."""
    shutil.rmtree(TREE, ignore_errors=True)
    TREE.mkdir(parents=True)
    inside = [path for path in Path("ablc").iterdir() if path.name not in ("__pycache__", *BESIDE)]
    for source in [*inside, *map(Path, BESIDE)]:
        (TREE / source.name).symlink_to(source.resolve(), target_is_directory=source.is_dir())


def main() -> int:
    os.chdir(Path(__file__).parents[1])
    link_sources()
    out, errors, code = api.run(sys.argv[1:])
    out = re.sub(rf"^{TREE}/({'|'.join(BESIDE)})/", r"\1/", out, flags=re.MULTILINE)
    print(re.sub(rf"^{TREE}/", "ablc/", out, flags=re.MULTILINE), end="")
    print(errors, end="", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
