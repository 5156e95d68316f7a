"""The Markdown files of the project: their examples and links."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parent.parent
DOCUMENTS = [
    *(
        ROOT / name
        for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "tests/bench/README.md")
    ),
    *sorted((ROOT / "docs").glob("*.md")),
]


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a document."""

    language: str
    text: str
    line: int  # of its first line in the document, from 0

    def commands(self) -> list[str]:
        """Return the lines of a shell block, with continued lines joined."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [line.strip() for line in lines if line.strip()]


def name(document: Path) -> str:
    """Return the id of a document in tests."""
    return document.relative_to(ROOT).as_posix()


def blocks(document: Path, language: str) -> list[Block]:
    """Return the blocks of a language, in order."""
    return [
        Block(token.info, token.content, token.map[0] + 1)
        for token in MarkdownIt().parse(document.read_text())
        if token.type == "fence" and token.info == language and token.map
    ]


def script(chosen: list[Block]) -> str:
    """Return a program of several Python blocks, on the same lines as in the document."""
    lines: list[str] = []
    for block in chosen:
        lines += [""] * (block.line - len(lines)) + block.text.splitlines()
    return "\n".join(lines)


def links(document: Path) -> Iterator[tuple[str, Path]]:
    """Iterate over relative links, as written and as paths."""
    for token in MarkdownIt().enable("table").parse(document.read_text()):
        for link in _links(token):
            parts = urlsplit(link)
            if not (parts.scheme or parts.netloc) and parts.path:
                yield link, document.parent / unquote(parts.path)


def named_files(document: Path) -> set[str]:
    """Return paths, relative to the root, that the text formats as code; * matches any name."""
    folders = "ablc|csrc|docs|export|runtime|tests|\\.ci|\\.github"
    return set(re.findall(rf"`((?:{folders})/[\w./*-]+)", document.read_text()))


def _links(token: Token) -> Iterator[str]:
    for child in token.children or ():
        for key in ("href", "src"):
            if (value := child.attrGet(key)) is not None:
                yield str(value)


def outside(page: str) -> list[str]:
    """Return the addresses on other hosts that an HTML page fetches."""
    fetched = re.findall(r"<(?:script|link|img|iframe)\s[^>]*?(?:src|href)=\"?([^\s\">]+)", page)
    return [address for address in fetched if urlsplit(address).netloc]


def as_html(document: Path) -> str:
    """Return a document rendered by a plain Markdown renderer."""
    return str(MarkdownIt().enable("table").render(document.read_text()))


def shape(page: str) -> Counter[str]:
    """Return the numbers of lists, items, tables, cells and code blocks."""
    return Counter(re.findall(r"<(ul|ol|li|table|td|pre)[ >]", page))
