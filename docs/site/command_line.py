"""Writes the commands into docs/CLI.md while the site is built, from the source of `--help`."""

from collections.abc import Iterator
from html import escape
from typing import Any

import typer

from ablc.cli.main import app

PLACEHOLDER = "<!-- commands -->"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Return the text of a page, with all commands in place of the placeholder."""
    if PLACEHOLDER not in markdown:
        return markdown
    command = typer.main.get_command(app)
    context = command.make_context("ablc", [], resilient_parsing=True)
    return markdown.replace(PLACEHOLDER, "\n\n".join(_commands(command, context, 2)))


def _commands(command: Any, context: Any, level: int) -> Iterator[str]:
    """Iterate over the sections of the subcommands of a command, at any depth."""
    for name, child in getattr(command, "commands", {}).items():
        inner = child.make_context(name, [], parent=context, resilient_parsing=True)
        yield _section(child, inner, level)
        yield from _commands(child, inner, level + 1)


def _section(command: Any, context: Any, level: int) -> str:
    """Return the section of a command: its purpose, its usage, and tables of its parameters."""
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
    """Return a row of a table. words: the help, followed by the default in brackets."""
    words, _, brackets = words.partition("  [")
    notes = [note.removeprefix("default: ").strip("()") for note in brackets[:-1].split("; ")]
    cells = (f"<code>{escape(names)}</code>", escape(words), escape("; ".join(notes)))
    return "| " + " | ".join(cell.replace("|", "&#124;") for cell in cells) + " |"
