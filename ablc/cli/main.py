"""The command `ablc`: its subcommands, and how it ends."""

import sys
from typing import Annotated, NoReturn

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
    try:
        code = app(arguments, prog_name="ablc", standalone_mode=False)
    except typer.TyperException as error:  # the command line itself
        console.fail(error.format_message(), BAD_USAGE)
    except (StreamError, PictureError, ResultsError, FinderError) as error:
        console.fail(str(error), BAD_DATA)
    except (ValueError, ModelError, ProviderError) as error:
        console.fail(str(error), BAD_USAGE)
    except NO_SUCH_FILE as error:
        console.fail(f"{error.filename}: {error.strerror}", BAD_USAGE)
    except OSError as error:
        console.fail(str(error), BAD_DATA)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
    sys.exit(code or 0)
