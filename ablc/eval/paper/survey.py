"""Figure 9, the losses at work, and the survey of hyper-parameters of the paper's appendix."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ablc.drawing.panels import Panel
from ablc.eval.folder import Photo
from ablc.eval.paper.experiments import Trial, Tried
from ablc.eval.paper.sheets import Drawing, Figure, Photos, figure_or_dash, plot, table, tried_panel
from ablc.eval.paper.systems import REFERENCE, WITH_RANDOM
from ablc.runtime.latent import WEIGHTS, Settings
from ablc.settings import Assist

LOSSES: tuple[Assist, ...] = ("style", "content", "edge")
STAGES = (2, 8, 32)  # iterations after which pictures are shown
SURVEYED = 8  # iterations at which weights are surveyed
DECADES = (0.01, 0.1, 1.0, 10.0, 100.0)  # times the default weight


@dataclass(frozen=True, slots=True)
class Axis:
    """One hyper-parameter, the others staying at their defaults."""

    name: str
    points: tuple[tuple[float, Trial], ...]  # value and what is tried with it
    default: float
    unit: str = ""


def figures(*, quick: bool) -> tuple[Figure, ...]:
    """Figure 9 and the survey. quick: fewer points."""
    return (_losses(quick), _survey(quick))


# --- figure 9 -------------------------------------------------------------------------------------


def _losses(quick: bool) -> Figure:
    stages = STAGES[:2] if quick else STAGES
    runs = {
        told: Trial(WITH_RANDOM, told, updates=_steady(stages[-1]))
        for told in ((), *((loss,) for loss in LOSSES))
    }
    trials = {
        (told, stage): replace(trial, updates=_steady(stage))
        for told, trial in runs.items()
        for stage in stages
    }

    def sheet(tried: Tried, photo: Photo) -> list[Panel]:
        found = []
        for told in runs:
            name = f"+ {told[0]} loss" if told else "no assistance"
            found += [
                tried_panel(tried, trials[told, stage], photo, f"{name}, {stage} updates")
                for stage in stages
            ]
        return found

    def plots(tried: Tried, photos: Photos) -> list[Drawing]:
        lines = [
            (f"+ {told[0]}" if told else "none", _relative(tried.each(trial, photos, "trace")))
            for told, trial in runs.items()
        ]
        return [plot("Loss while the code is updated", "updates", "share of the first", lines)]

    return Figure(
        "figure-9",
        "Figure 9: loss values",
        "The whole loss of block + random sampling with each kind of assistance, as a share of "
        "what it was before the first update, and what it shows. A loss that falls need not bring "
        "the picture nearer to the original: see the survey.",
        sheet,
        columns=len(stages),
        shown=tuple(trials.values()),
        measured=tuple(runs.values()),
        plots=plots,
    )


def _steady(iterations: int) -> Settings:
    """Updates that do not end early, every one noted."""
    return Settings(iterations=iterations, patience=iterations, trace=True)


def _relative(traces: Sequence[Sequence[Sequence[float]]]) -> list[tuple[float, float | None]]:
    """(iteration, mean share of the first loss) of the readings that all traces have."""
    length = min((len(trace) for trace in traces), default=0)
    return [
        (
            float(traces[0][i][0]),
            float(np.mean([trace[i][1] / max(trace[0][1], 1e-30) for trace in traces])),
        )
        for i in range(length)
    ]


# --- the survey -----------------------------------------------------------------------------------


def _survey(quick: bool) -> Figure:
    axes = _axes(quick)

    def plots(tried: Tried, photos: Photos) -> list[Drawing]:
        """All axes in one plot: values relative to the default."""
        return [
            plot(
                "SSIM over a parameter, times its default",
                "times the default",
                "SSIM",
                [
                    (
                        axis.name,
                        [
                            (value / axis.default, tried.mean(trial, photos, "ssim"))
                            for value, trial in axis.points
                            if value
                        ],
                    )
                    for axis in axes
                ],
                log=True,
            )
        ]

    def tables(tried: Tried, photos: Photos) -> list[Drawing]:
        head = ("value", "SSIM", "luma SSIM", "bytes", "loss")
        forms = {"ssim": ".4f", "luma_ssim": ".4f", "bytes": ".0f", "loss": ".4g"}
        return [
            table(
                axis.name,
                head,
                [
                    (
                        f"{value:g}{' (default)' if value == axis.default else ''}",
                        *(
                            figure_or_dash(tried.mean(trial, photos, name), form)
                            for name, form in forms.items()
                        ),
                    )
                    for value, trial in axis.points
                ],
            )
            for axis in axes
        ]

    return Figure(
        "survey",
        "Appendix: hyper-parameters",
        "One parameter at a time, block + random sampling, assistance only for the loss in "
        f"question, {SURVEYED} updates. The paper's e1 is the weight of the prior, e2 that of the "
        "class, e3 the noise, e4 the weight of the known pixels. The style loss can only lower "
        "SSIM: a Gram matrix tells how much texture there is but not where, and SSIM counts "
        "texture that does not match the original as error.",
        measured=tuple(trial for axis in axes for _, trial in axis.points),
        plots=plots,
        tables=tables,
    )


def _axes(quick: bool) -> tuple[Axis, ...]:
    decades = DECADES[1::2] if quick else DECADES
    weights: tuple[tuple[str, tuple[str, ...], tuple[Assist, ...]], ...] = (
        ("prior (e1)", ("prior",), ()),
        ("class (e2)", ("class",), ("class",)),
        ("known (e4)", ("known",), ()),
        ("edge loss", ("edge",), ("edge",)),
        ("style loss", ("style1", "style2"), ("style",)),
        ("content loss", ("content",), ("content",)),
        ("seam loss", ("seam",), ()),
    )
    found = [
        Axis(
            f"weight: {name}",
            tuple((WEIGHTS[terms[0]] * s, _weighted(terms, s, told)) for s in (0.0, *decades)),
            WEIGHTS[terms[0]],
        )
        for name, terms, told in weights
    ]
    realism = (0.0, 1.0) if quick else (0.0, 0.1, 1.0, 10.0)
    found.append(
        Axis(
            "weight: photorealism",
            tuple(
                (w, _with(Settings(iterations=SURVEYED, weights={**WEIGHTS, "photorealism": w})))
                for w in realism
            ),
            1.0,
        )
    )
    counts = (2, 8) if quick else (1, 2, 4, 8, 16, 32)
    found.append(
        Axis("iterations", tuple((float(k), _with(_counted(Settings(), k))) for k in counts), 8.0)
    )
    runs = (2, 8) if quick else (8, 50, 200)
    found.append(
        Axis(
            "iterations, reference form",
            tuple((float(k), _with(_counted(REFERENCE, k))) for k in runs),
            200.0,
        )
    )
    noises = (0.0, 1e-2) if quick else (0.0, 1e-10, 1e-4, 1e-2, 1.0)
    found.append(
        Axis(
            "noise (e3), reference form",
            tuple((e, _with(replace(_counted(REFERENCE, SURVEYED), noise=e))) for e in noises),
            1e-10,
        )
    )
    return tuple(found)


def _weighted(terms: Sequence[str], scale: float, told: tuple[Assist, ...]) -> Trial:
    """The weights of some terms, times scale."""
    weights = {**WEIGHTS, **{term: scale * WEIGHTS[term] for term in terms}}
    return Trial(WITH_RANDOM, told, updates=Settings(iterations=SURVEYED, weights=weights))


def _with(updates: Settings) -> Trial:
    return Trial(WITH_RANDOM, updates=updates)


def _counted(settings: Settings, iterations: int) -> Settings:
    return replace(settings, iterations=iterations, patience=iterations)  # none ends early
