"""The commands `ablc models`: list, show and check the installed networks."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ablc import files, terminal
from ablc.cli import console, options
from ablc.errors import ModelError, ProviderError
from ablc.settings import PROVIDER, Provider

if TYPE_CHECKING:
    from ablc.runtime.cards import ModelCard

BAD_DATA = 1  # exit code, as in main.py
NONE = "no networks are installed: dropped blocks get the classical fill"

app = typer.Typer(
    help="List, show and check the networks that paint dropped blocks.",
    epilog="Networks in the folder that the variable ABLC_MODELS names take precedence over those "
    "of the same id that come with ablc. Exit codes: 0 all intact, 1 damaged, 2 bad usage.",
    rich_markup_mode="rich",
)


def name_of(model: str) -> str:
    """Return the network that a stream names as `--paint` takes it: ID@HASH[:STRENGTH].

    model: hex, as in StreamInfo; returned unchanged if it is not the name of a network.
    """
    from ablc.runtime import registry

    try:
        return str(registry.parse_name(bytes.fromhex(model)))
    except ModelError:
        return model


@app.callback(invoke_without_command=True)
def _root(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_()


@app.command("list")
def list_() -> None:
    """List all networks and check each against its card, as `ablc models` does.

    GMAC stands for billions of multiply-adds for a picture of 768x512 pixels.
    """
    from ablc.runtime import registry  # late: other commands do not need networks

    rows: list[tuple[str, ...]] = []
    faults = []
    for name in registry.ids():
        source = "shipped" if registry.home(name) == registry.SHIPPED else registry.VARIABLE
        facts, state = ("-",) * 6, "ok"
        try:
            card = registry.card(name)
            facts = (
                card.role,
                card.preset,
                f"{card.parameters:,}",
                f"{card.multiply_adds / 1e9:.2f}",
                f"{card.size:,}",
                card.sha256[:8],
            )
            registry.verify(name)
        except ModelError as error:
            state = "DAMAGED"
            faults.append(str(error))
        rows.append((name, *facts, source, state))
    if not rows:
        print(NONE)
        return
    headings = "id", "role", "preset", "parameters", "GMAC", "bytes", "sha256", "from", "state"
    console.columns(headings, rows)
    for fault in faults:
        terminal.warn(fault)
    if faults:
        raise typer.Exit(BAD_DATA)


@app.command()
def show(
    model: Annotated[
        str, typer.Argument(metavar="ID", help="Id of a network that `ablc models` lists.")
    ],
    json: Annotated[
        bool, typer.Option("--json", help="Print the card unchanged, as JSON.")
    ] = False,
) -> None:
    """Show the card of a network: its training, its results and its limits."""
    from ablc.runtime import registry

    home = registry.home(model)  # raises ValueError for an unknown id
    try:
        card = registry.card(model)
    except ModelError as error:
        console.fail(str(error), BAD_DATA)
    if json:
        files.write(files.PIPE, card.pack())
    else:
        console.pairs([("folder", str(home)), *_rows(card)])


@app.command()
def verify(
    models: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID", help="Networks to check.", show_default="all"),
    ] = None,
) -> None:
    """Check networks against the length and hash in their cards."""
    from ablc.runtime import registry

    for name in models or ():
        registry.home(name)  # raises ValueError for an unknown id
    rows = [(name, _fault(name)) for name in models or registry.ids()]
    if not rows:
        print(NONE)
        return
    console.pairs([(name, f"DAMAGED: {fault}" if fault else "ok") for name, fault in rows])
    if any(fault for _, fault in rows):
        raise typer.Exit(BAD_DATA)


@app.command()
def check(
    models: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID", help="Networks to check.", show_default="all"),
    ] = None,
    provider: Annotated[Provider, options.flag(PROVIDER)] = "auto",
) -> None:
    """Run each network once; show its provider, its time and the nodes that run elsewhere.

    The time is for a picture of 256x256 pixels.
    """
    from ablc.runtime import check, registry, session

    for name in models or ():
        registry.home(name)  # raises ValueError for an unknown id
    version = session.onnxruntime().__version__
    console.pairs([("ONNX Runtime", f"{version}, with {', '.join(session.available())}")])
    print()
    rows: list[tuple[str, ...]] = []
    faults = []
    for name in models or registry.ids():
        try:
            result = check.check(registry.card(name), provider)
        except (ModelError, ProviderError) as error:
            faults.append(str(error))
            rows.append((name, "-", "-", "-", "FAILED"))
            continue
        elsewhere = ", ".join(result.fallen) or "nothing"
        time = f"{result.milliseconds:.1f} ms"
        rows.append((name, result.provider, time, str(result.nodes), elsewhere))
    console.columns(("id", "provider", "time", "nodes", "elsewhere"), rows)
    for fault in faults:
        terminal.warn(fault)
    if faults:
        raise typer.Exit(BAD_DATA)


def _fault(model: str) -> str:
    """Return the fault of a network, in words; empty if there is none."""
    from ablc.runtime import registry

    try:
        registry.verify(model)
    except ModelError as error:
        return str(error)
    return ""


def _rows(card: "ModelCard") -> list[tuple[str, str]]:
    """Return the names and values of a card, in its order."""
    training = card.training
    return [
        ("id", card.id),
        ("role", f"{card.role}, preset {card.preset}"),
        ("length", f"{card.size:,} bytes"),
        ("sha256", card.sha256),
        ("parameters", f"{card.parameters:,}"),
        ("multiply-adds", f"{card.multiply_adds / 1e9:.2f} G for 768x512"),
        *_under("architecture", card.architecture),
        ("precision", f"{card.precision}, opset {card.opset}"),
        *_under("inputs", _flat(card.inputs)),
        *_under("outputs", _flat(card.outputs)),
        ("licence", card.licence),
        ("training", training.command),
        ("", f"{training.steps:,} steps in {training.minutes:,g} minutes on {training.machine}"),
        *_under(
            "data",
            [
                f"{data.name}: {data.images:,} pictures, {data.licence}"
                + (f"; {data.note}" if data.note else "")
                for data in training.data
            ],
        ),
        *_under("losses", _flat(training.losses)),
        *_under("reached", _flat(training.reached)),
        *_under("figures", _flat(card.figures)),
        *_under("limits", card.limits),
        ("made by", f"ablc {card.version}"),
        *_under("extras", _flat(card.extras)),
    ]


def _under(name: str, values: "list[str] | tuple[str, ...]") -> list[tuple[str, str]]:
    """Return rows of one name, which only the first row shows."""
    return [("" if i else name, value) for i, value in enumerate(values)]


def _flat(values: dict[str, Any], before: str = "") -> list[str]:
    """Return names and values of a mapping and of those inside it, one per line."""
    lines = []
    for name, value in values.items():
        if isinstance(value, dict):
            lines += _flat(value, f"{before}{name}, ")
        else:
            lines.append(f"{before}{name}: {value}")
    return lines
