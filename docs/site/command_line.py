"""Writes the commands into docs/CLI.md while the site is built, from what `--help` reads too."""

from collections.abc import Iterator
from html import escape
from typing import Any

import typer

from ablc.cli.main import app

PLACE = "<!-- commands -->"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """The text of a page, with all commands where it has a place for them."""
    if PLACE not in markdown:
        return markdown
    command = typer.main.get_command(app)
    context = command.make_context("ablc", [], resilient_parsing=True)
    return markdown.replace(PLACE, "\n\n".join(_commands(command, context, 2)))


def _commands(command: Any, context: Any, level: int) -> Iterator[str]:
    """The sections of the commands below one, each followed by those below it."""
    for name, child in getattr(command, "commands", {}).items():
        inner = child.make_context(name, [], parent=context, resilient_parsing=True)
        yield _section(child, inner, level)
        yield from _commands(child, inner, level + 1)


def _section(command: Any, context: Any, level: int) -> str:
    """What a command is for, how it is called, and its parameters in tables."""
    name = context.command_path
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    text = [f"{'#' * level} {name}", command.help or "", f"```text\n{usage}\n```"]
    panels: dict[str, list[str]] = {}
    for parameter in command.get_params(context):
        kind = "Arguments" if parameter.param_type_name == "argument" else "Options"
        panel = getattr(parameter, "rich_help_panel", None) or kind
        if "--help" not in parameter.opts:
            panels.setdefault(panel, []).append(_row(*parameter.get_help_record(context)))
    for panel, rows in panels.items():
        text.append(f"| {panel} | | Default |\n|---|---|---|\n" + "\n".join(rows))
    return "\n\n".join(text)


def _row(names: str, words: str) -> str:
    """names: as they are written; words: the help, with the default in brackets behind it."""
    words, _, brackets = words.partition("  [")
    notes = [note.removeprefix("default: ").strip("()") for note in brackets[:-1].split("; ")]
    cells = (f"<code>{escape(names)}</code>", escape(words), escape("; ".join(notes)))
    return "| " + " | ".join(cell.replace("|", "&#124;") for cell in cells) + " |"
