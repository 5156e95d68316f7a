"""The documents: their examples run, their links resolve, the site builds.

Every line of a shell block is run, unless a rule below excludes it.
"""

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import ablc
import documents
from documents import DOCUMENTS, ROOT, Block
from scenes import scene

PATIENCE = 120  # seconds

NOT_RUN = {  # start of a line -> reason to leave it out
    r"(python3 -m venv|pip install) ": "installs",
    r"ablc serve\b": "starts a service",
    r"curl ": "needs a running service",
    r"docker ": "needs Docker",
    r"ablc reproduce ": "takes minutes",
    r"ablc \w+ PHOTOS ": "describes the arguments",
    r"(python -m ablc\.export|ABLC_MODELS=|OPTIONS=)": "trains, which needs torch and hours",
    r"(pytest|(ABLC_DATA|PYTHONPATH)=\S+ python tests/)": "runs tests and benches",
    r"(cmake|build/fuzz/)": "builds and runs fuzz targets, as tests/test_fuzz.py does",
}
NETWORKS = re.compile(r"--fill (net|ppgn)|--assist|ablc models check|fill=\"net\"")
SLOW = re.compile(r"--assist")  # on a small picture alone


def is_run(line: str) -> bool:
    """True if no rule excludes the line."""
    return not any(re.match(rule, line) for rule in NOT_RUN)


SHELL = [(path, block) for path in DOCUMENTS for block in documents.blocks(path, "sh")]
TO_RUN = [
    pytest.param(block, id=f"{documents.name(path)}:{block.line}")
    for path, block in SHELL
    if any(map(is_run, block.commands()))
]
WRITTEN = [  # by hand alone
    path
    for path in DOCUMENTS
    if path.parent.name == "docs" and path.stem not in ("API", "CHANGELOG", "CLI")
]
WITH_PYTHON = [path for path in DOCUMENTS if documents.blocks(path, "python")]


def prepare(folder: Path, side: int) -> None:
    """Make the files that examples use: photo.jpg, photos/, a mask, an intact and a cut stream."""
    photo = scene(side, side)
    Image.fromarray(photo).save(folder / "photo.jpg", quality=95)
    mask = np.zeros((side, side), np.uint8)
    mask[32:64, 40:80] = 255
    Image.fromarray(mask).save(folder / "logo.png")
    stream = ablc.encode(photo, quality=40)
    (folder / "photo.ablc").write_bytes(stream)
    (folder / "cut.ablc").write_bytes(stream[: len(stream) // 2])
    (folder / "photos").mkdir()
    Image.fromarray(scene(96, 128)).save(folder / "photos" / "first.png")


def run(folder: Path, *arguments: str, stdin: str = "") -> None:
    """Run Python in a folder outside the checkout."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def without_networks() -> bool:
    """True if ONNX Runtime is not installed."""
    return importlib.util.find_spec("onnxruntime") is None


@pytest.mark.parametrize("document", WITH_PYTHON, ids=documents.name)
def test_examples_in_python_run_one_after_another(document: Path, tmp_path: Path) -> None:
    blocks = documents.blocks(document, "python")
    left = [block for block in blocks if without_networks() and NETWORKS.search(block.text)]
    prepare(tmp_path, 512)
    program = documents.script([block for block in blocks if block not in left])
    # Read from a pipe: a program that starts processes would be imported by each of them.
    runner = "import sys; exec(compile(sys.stdin.read(), sys.argv[1], 'exec'))"
    run(tmp_path, "-W", "error", "-c", runner, documents.name(document), stdin=program)
    if left:
        lines = ", ".join(str(block.line + 1) for block in left)
        pytest.skip(f"the rest runs; ONNX Runtime is not installed for lines {lines}")


@pytest.mark.parametrize("block", TO_RUN)
def test_examples_of_the_command_line_run(block: Block, tmp_path: Path) -> None:
    commands = [line for line in block.commands() if is_run(line)]
    prepare(tmp_path, 192 if SLOW.search(block.text) else 768)
    left = [line for line in commands if without_networks() and NETWORKS.search(line)]
    for line in commands:
        program, *arguments = shlex.split(line, comments=True)
        assert program == "ablc", f"no rule says what to do with {line!r}"
        if line not in left:
            run(tmp_path, "-c", "from ablc.cli.main import main; main()", *arguments)
    if left:
        pytest.skip(f"the rest runs; ONNX Runtime is not installed for {'; '.join(left)}")


def test_every_rule_is_about_some_example() -> None:
    lines = [line for _, block in SHELL for line in block.commands()]
    assert [rule for rule in NOT_RUN if not any(re.match(rule, line) for line in lines)] == []


def test_the_reference_has_every_public_name() -> None:
    documented = re.findall(
        r"^::: ablc\.(\w+)$", (ROOT / "docs" / "API.md").read_text(), re.MULTILINE
    )
    assert set(ablc.__all__) <= set(documented)


@pytest.mark.parametrize("document", DOCUMENTS, ids=documents.name)
def test_relative_links_lead_to_something(document: Path) -> None:
    assert [link for link, path in documents.links(document) if not path.exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=documents.name)
def test_files_that_the_text_names_exist(document: Path) -> None:
    named = documents.named_files(document)
    assert [name for name in sorted(named) if not any(ROOT.glob(name))] == []


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built with warnings as errors."""
    for module in ("mkdocs", "material", "mkdocstrings_handlers.python"):
        pytest.importorskip(module, reason=f"no {module}: pip install 'ablc[docs]'")
    folder = tmp_path_factory.mktemp("docs")
    config = str(ROOT / "mkdocs.yml")
    run(folder, "-m", "mkdocs", "build", "--strict", "-f", config, "-d", str(folder / "site"))
    return folder / "site"


def test_the_site_has_what_is_written_into_it_while_it_is_built(site: Path) -> None:
    assert "ablc encode [OPTIONS]" in (site / "CLI" / "index.html").read_text()
    assert 'id="ablc.Decoder.decode_batch"' in (site / "API" / "index.html").read_text()
    assert "Unreleased" in (site / "CHANGELOG" / "index.html").read_text()


def test_the_site_asks_no_other_host(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert {
        page: addresses for page in pages if (addresses := documents.outside(page.read_text()))
    } == {}


@pytest.mark.parametrize("document", WRITTEN, ids=documents.name)
def test_lists_and_tables_are_the_same_on_the_site(document: Path, site: Path) -> None:
    page = site / document.stem / "index.html" if document.stem != "index" else site / "index.html"
    article = page.read_text().partition("<article")[2].partition("</article>")[0]
    assert documents.shape(article) == documents.shape(documents.as_html(document))
