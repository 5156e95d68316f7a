"""The command `ablc`: its subcommands, and how it ends."""

import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Annotated, Any, NoReturn

import typer

import ablc
from ablc import pictures
from ablc.cli import (
    batch,
    compare,
    console,
    decode,
    demo,
    encode,
    inspect,
    interrupts,
    models,
    report,
    reproduce,
    serve,
    wording,
)
from ablc.errors import (
    FinderError,
    ModelError,
    PictureError,
    ProviderError,
    ResultsError,
    StreamError,
)

BAD_DATA, BAD_USAGE = 1, 2
NO_SUCH_FILE = (
    FileNotFoundError,
    FileExistsError,
    IsADirectoryError,
    NotADirectoryError,
    PermissionError,
)

app = wording.App(
    name="ablc",
    help="Encode and decode pictures with ablc, an ablative image codec.",
    epilog="The file name - stands for standard input or output. "
    "Exit codes: 0 done, 1 bad data, 2 bad usage.",
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


app.command()(encode.encode)
app.command()(decode.decode)
app.command()(inspect.inspect)
app.command()(compare.compare)
app.command()(demo.demo)
app.command()(batch.batch)
app.command()(serve.serve)
app.command()(report.report)
app.add_typer(reproduce.reproduce, name="reproduce")
app.add_typer(models.app, name="models")


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        print(f"ablc {ablc.__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())
        raise typer.Exit(BAD_USAGE)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run one command and end the process with its exit code."""
    pictures.ignore_pillow_warnings()
    console.escape_undecodable()
    words = sys.argv[1:] if arguments is None else arguments
    try:
        with interrupts.prompt() if "serve" not in words[:1] else nullcontext():
            code = app(arguments, prog_name="ablc", standalone_mode=False)
    except typer.TyperException as error:  # the command line itself
        console.fail(_usage(error.format_message(), words), BAD_USAGE)
    except (StreamError, PictureError, ResultsError, FinderError) as error:
        console.fail(str(error), BAD_DATA)
    except (ModelError, ProviderError) as error:
        console.fail(str(error), BAD_USAGE)
    except ValueError as error:
        console.fail(_usage(str(error), words), BAD_USAGE)
    except BrokenPipeError:  # the reader of standard output has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is not flushed
        sys.exit(BAD_DATA)
    except NO_SUCH_FILE as error:
        console.fail(_fault(error), BAD_USAGE)
    except OSError as error:
        console.fail(_fault(error), BAD_DATA)
    except MemoryError:
        console.fail("not enough memory", BAD_DATA)
    except (KeyboardInterrupt, typer.Abort):
        interrupts.say()
        sys.exit(interrupts.CODE)
    if code == interrupts.CODE:  # Typer makes this of KeyboardInterrupt
        interrupts.say()
    sys.exit(code or 0)


def _fault(error: OSError) -> str:
    """Return the message of an error about a file; some filesystems give no name or no reason."""
    if error.filename is None or error.strerror is None:
        return str(error) or type(error).__name__
    return f"{os.fsdecode(error.filename)}: {error.strerror}"


def _usage(text: str, words: Sequence[str]) -> str:
    """Return the message of a wrong command line, with a hint where to read on; "" if empty."""
    return text and f"{text.rstrip('.')} (try '{_command(words)} --help')"


def _command(words: Sequence[str]) -> str:
    """Return the command and subcommands with which a command line begins."""
    command: Any = typer.main.get_command(app)
    names = ["ablc"]
    for word in words:
        command = getattr(command, "commands", {}).get(word)
        if command is None:
            break
        names.append(word)
    return " ".join(names)
