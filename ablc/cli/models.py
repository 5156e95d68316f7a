"""The commands `ablc models`: which networks there are, what they are, whether they are whole."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ablc import files, terminal
from ablc.cli import console
from ablc.errors import ModelError, ProviderError
from ablc.settings import Provider

if TYPE_CHECKING:
    from ablc.runtime.cards import ModelCard

BAD_DATA = 1  # exit code, as in cli.py
NONE = "no networks are installed: what is ablated gets the classical fill"

app = typer.Typer(
    help="Show and check the networks that paint ablated blocks.",
    epilog="Networks come with ablc; those in the folder that ABLC_MODELS names are found first, "
    "and hide shipped ones of the same id. Exit codes: 0 all whole, 1 damaged, 2 bad usage.",
    rich_markup_mode="rich",
)


def name_of(model: str) -> str:
    """The network that a stream names, for people: its id and the start of its hash.

    model: as StreamInfo has it; hex of what is no such name stays as it is.
    """
    from ablc.runtime import registry

    try:
        return " ".join(registry.parse_name(bytes.fromhex(model)))
    except ModelError:
        return model


@app.callback(invoke_without_command=True)
def _root(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_()


@app.command("list")
def list_() -> None:
    """List all networks and check each against its card; the same as `ablc models`.

    GMAC: billions of multiply-adds for a picture of 768x512.
    """
    from ablc.runtime import registry  # late: coding needs no networks

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
    model: Annotated[str, typer.Argument(metavar="ID", help="One of those that are listed.")],
    json: Annotated[bool, typer.Option("--json", help="Print the card as it is, JSON.")] = False,
) -> None:
    """Show the card of a network: how it was made, what it reaches, its limits."""
    from ablc.runtime import registry

    home = registry.home(model)  # an unknown one is bad usage
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
        list[str] | None, typer.Argument(metavar="ID", help="Which ones.", show_default="all")
    ] = None,
) -> None:
    """Check networks against the size and hash in their cards."""
    from ablc.runtime import registry

    for name in models or ():
        registry.home(name)  # an unknown one is bad usage
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
        list[str] | None, typer.Argument(metavar="ID", help="Which ones.", show_default="all")
    ] = None,
    provider: Annotated[Provider, typer.Option(help="Where networks run.")] = "auto",
) -> None:
    """Run networks once: on which provider, how fast, and what of them runs elsewhere.

    The time is that of a picture of 256x256.
    """
    from ablc.runtime import check, registry, session

    for name in models or ():
        registry.home(name)  # an unknown one is bad usage
    version = session.onnxruntime().__version__
    console.pairs([("ONNX Runtime", f"{version}, with {', '.join(session.available())}")])
    print()
    rows: list[tuple[str, ...]] = []
    faults = []
    for name in models or registry.ids():
        try:
            found = check.check(registry.card(name), provider)
        except (ModelError, ProviderError) as error:
            faults.append(str(error))
            rows.append((name, "-", "-", "-", "FAILED"))
            continue
        elsewhere = ", ".join(found.fallen) or "nothing"
        time = f"{found.milliseconds:.1f} ms"
        rows.append((name, found.provider, time, str(found.nodes), elsewhere))
    console.columns(("id", "provider", "time", "nodes", "elsewhere"), rows)
    for fault in faults:
        terminal.warn(fault)
    if faults:
        raise typer.Exit(BAD_DATA)


def _fault(model: str) -> str:
    """What is wrong with a network; empty if nothing is."""
    from ablc.runtime import registry

    try:
        registry.verify(model)
    except ModelError as error:
        return str(error)
    return ""


def _rows(card: "ModelCard") -> list[tuple[str, str]]:
    """A card in names and values, in its own order."""
    training = card.training
    return [
        ("id", card.id),
        ("role", f"{card.role}, preset {card.preset}"),
        ("size", f"{card.size:,} bytes"),
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
    """Rows of one name, which only the first of them shows."""
    return [("" if i else name, value) for i, value in enumerate(values)]


def _flat(values: dict[str, Any], before: str = "") -> list[str]:
    """Names and values of a mapping and those inside it, one a line."""
    lines = []
    for name, value in values.items():
        if isinstance(value, dict):
            lines += _flat(value, f"{before}{name}, ")
        else:
            lines.append(f"{before}{name}: {value}")
    return lines
