"""The command `python -m ablc.export`: train, slim, onnx, record, perceptual."""

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import torch
import typer

from ablc.export import (
    checkpoints,
    data,
    model_files,
    nets,
    perceptual,
    tasks,
    teacher_weights,
    to_onnx,
    train,
)
from ablc.export.training_plan import TrainingError, TrainingPlan
from ablc.settings import cores

app = typer.Typer(
    name="python -m ablc.export",
    help="Train the networks of ablc, export them to ONNX, and write their model cards.",
    epilog="docs/TRAINING.md is a step-by-step guide. Exit codes: 0 success, 1 training broke "
    "down, 2 bad usage.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command("train")
def train_(
    task: Annotated[str, typer.Argument(metavar="TASK", help=f"Task: {', '.join(tasks.RECIPES)}.")],
    source: Annotated[
        list[Path], typer.Option("--data", help="Folder or tar file of pictures. May be repeated.")
    ],
    out: Annotated[
        Path, typer.Option(help="Folder of the run; training continues from a checkpoint in it.")
    ],
    preset: Annotated[
        str, typer.Option(help=f"Size of the networks: {', '.join(nets.PRESETS)}.")
    ] = "small",
    minutes: Annotated[
        float | None, typer.Option(help="Budget of time, including that of resumed runs.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Budget of training steps.")] = None,
    start: Annotated[
        Path | None, typer.Option(help="Checkpoint of the same networks to start from.")
    ] = None,
    teachers: Annotated[
        Path | None, typer.Option(help="Folder of the teachers' .npz files.")
    ] = None,
    weight: Annotated[
        list[str] | None,
        typer.Option(metavar="TERM=NUMBER", help="Weight of a loss term. May be repeated."),
    ] = None,
    licence: Annotated[
        str, typer.Option(help="Terms of the pictures, for the model card.")
    ] = "not stated",
    batch: Annotated[
        int | None, typer.Option(min=1, help="Number of crops in a batch; default: the task's.")
    ] = None,
    crop: Annotated[
        int | None, typer.Option(help="Side of a crop in pixels; default: the task's.")
    ] = None,
    rate: Annotated[
        float | None, typer.Option(help="Peak learning rate; default: the task's.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Number of pictures to use; default: all.")
    ] = None,
    workers: Annotated[int, typer.Option(min=0, help="Number of processes that make samples.")] = 1,
    pool: Annotated[int, typer.Option(min=1, help="Number of samples in memory.")] = 768,
    fresh: Annotated[
        float, typer.Option(min=0, help="Number of new samples for each crop of a batch.")
    ] = 0.1,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.")] = 0,
    device: Annotated[str, typer.Option(help="Device: auto, cpu, cuda, cuda:1 ...")] = "auto",
    bf16: Annotated[bool, typer.Option(help="Mixed precision.")] = True,
    compiled: Annotated[
        bool | None,
        typer.Option("--compile/--no-compile", help="Use torch.compile; default: on CUDA."),
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(min=1, help="Threads of the training process; default: one per core."),
    ] = None,
    save_every: Annotated[float, typer.Option(help="Seconds between checkpoints.")] = 120.0,
) -> None:
    """Train one network, or E and G together, within a budget."""
    torch.set_num_threads(threads or cores())
    plan = TrainingPlan(
        task=task,
        preset=preset,
        out=out,
        minutes=minutes,
        steps=steps,
        batch=batch,
        crop=crop,
        rate=rate,
        weights=dict(map(_weight, weight or ())),
        teachers=teachers,
        licence=licence,
        start=start,
        seed=seed,
        workers=workers,
        pool=pool,
        fresh=fresh,
        save_every=save_every,
        device=device,
        bf16=bf16,
        compiled=compiled,
    )
    photographs = data.load(source, limit)
    print(photographs)
    state = train.train(plan, photographs)
    measures = ", ".join(f"{name} {value:.4f}" for name, value in state.last.items())
    path = out / checkpoints.CHECKPOINT
    print(f"{path}: step {state.step}, {state.seconds / 60:.1f} min; {measures}")


@app.command()
def onnx(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="CHECKPOINT...", help="Checkpoints of networks of one preset."),
    ],
    out: Annotated[Path, typer.Option(help="Folder for ONNX files and cards.")],
    tile: Annotated[
        int | None,
        typer.Option(help="Side in pixels, for graphs of one size; default: any size."),
    ] = None,
    batch: Annotated[int, typer.Option(min=1, help="Batch of graphs of one size.")] = 1,
    dtype: Annotated[str, typer.Option(help="Arithmetic: fp32, or fp16 for GPUs.")] = "fp32",
    storage: Annotated[
        str, typer.Option(help="Storage of weights: fp32, or fp16 for half the bytes.")
    ] = "fp16",
) -> None:
    """Export networks; if E, G and C are among them, also the latent update with its gradient."""
    size = None if tile is None else (batch, tile, tile)
    form = to_onnx.GraphForm(size, dtype, "fp32" if dtype == "fp16" else storage)  # type: ignore[arg-type]
    suffix = "-".join(filter(None, ("fp16" if dtype == "fp16" else "", str(tile or ""))))
    for model_id in model_files.export(paths, out, form, suffix):
        print(f"{out / model_id}.onnx: {(out / f'{model_id}.onnx').stat().st_size:,} bytes")


@app.command()
def slim(
    checkpoint: Annotated[Path, typer.Argument(help="Checkpoint of a run.")],
    out: Annotated[Path, typer.Argument(help="File to write.")],
) -> None:
    """Reduce a checkpoint to its networks, an eighth of the bytes: enough for --start and onnx."""
    checkpoints.slim(checkpoint, out)
    print(f"{out}: {out.stat().st_size:,} bytes")


@app.command()
def record(
    figures: Annotated[
        Path, typer.Argument(metavar="JSON", help="Figures of tests/bench/networks.py --json.")
    ],
    out: Annotated[Path, typer.Option(help="Folder of the model cards.")],
) -> None:
    """Put measured figures into model cards."""
    for model_id in model_files.record(out, model_files.read_figures(figures)):
        print(f"{model_id}: figures recorded")


@app.command()
def teachers(
    out: Annotated[Path, typer.Argument(help="Folder to write.")],
) -> None:
    """Write the weights of the teachers from the installed packages torchvision and lpips."""
    for path in teacher_weights.write_from_packages(out):
        print(f"{path}: {path.stat().st_size:,} bytes")


@app.command("perceptual")
def perceptual_(
    weights: Annotated[Path, typer.Argument(help="Folder of the teachers' .npz files.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder to write; default: that of the weights.")
    ] = None,
) -> None:
    """Export LPIPS and a texture distance to ONNX, for --weights of ablc reproduce and report."""
    for path in perceptual.write(weights, out or weights):
        print(f"{path}: {path.stat().st_size:,} bytes")


def _weight(text: str) -> tuple[str, float]:
    name, _, number = text.partition("=")
    try:
        return name, float(number)
    except ValueError:
        raise ValueError(f"--weight must be TERM=NUMBER, not {text!r}") from None


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run one command and end the process with its exit code."""
    try:
        app(arguments, prog_name="python -m ablc.export", standalone_mode=False)
    except typer.TyperException as error:
        _fail(error.format_message(), 2)
    except TrainingError as error:
        _fail(str(error), 1)
    except (ValueError, OSError) as error:
        _fail(str(error), 2)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
    sys.exit(0)


def _fail(message: str, code: int) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(code)
