"""Figure 9, the course of the losses, and the appendix's survey of hyper-parameters."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ablc.drawing.panels import Panel
from ablc.eval.folder import Photo
from ablc.eval.paper.experiments import Experiment, ExperimentResults
from ablc.eval.paper.sheets import PaperFigure, Photos, figure_or_dash, plot, result_panel, table
from ablc.eval.paper.table1_systems import REFERENCE, WITH_RANDOM
from ablc.eval.store import JsonObject
from ablc.runtime.latent import WEIGHTS, UpdateSettings
from ablc.settings import Assist

LOSSES: tuple[Assist, ...] = ("style", "content", "edge")
STAGES = (2, 8, 32)  # iterations after which pictures are shown
SURVEYED = 8  # iterations at which weights are surveyed
DECADES = (0.01, 0.1, 1.0, 10.0, 100.0)  # times the default weight

Assists = tuple[Assist, ...]


@dataclass(frozen=True, slots=True)
class SurveyAxis:
    """One hyper-parameter; the others stay at their defaults."""

    name: str
    points: tuple[tuple[float, Experiment], ...]  # value, and the experiment with it
    default: float


def figures(*, quick: bool) -> tuple[PaperFigure, ...]:
    """Return figure 9 and the survey. quick: fewer points."""
    return (_losses(quick), _survey(quick))


# --- figure 9 -------------------------------------------------------------------------------------


def _losses(quick: bool) -> PaperFigure:
    stages = STAGES[:2] if quick else STAGES
    assists: list[Assists] = [(), *((loss,) for loss in LOSSES)]
    runs = {
        assist: Experiment(WITH_RANDOM, assist, updates=_steady(stages[-1])) for assist in assists
    }
    experiments = {
        (assist, stage): replace(experiment, updates=_steady(stage))
        for assist, experiment in runs.items()
        for stage in stages
    }
    return PaperFigure(
        "figure-9",
        "Figure 9: loss values",
        "The whole loss of block + random sampling with each kind of assistance, as a share of "
        "its value before the first update, and the painted pictures. A falling loss need not "
        "bring a picture nearer to the original: see the survey.",
        _stages_sheet(experiments),
        columns=len(stages),
        shown=tuple(experiments.values()),
        measured=tuple(runs.values()),
        plots=_losses_plots(runs),
    )


def _stages_sheet(
    experiments: Mapping[tuple[Assists, int], Experiment],
) -> Callable[[ExperimentResults, Photo], list[Panel]]:
    def sheet(results: ExperimentResults, photo: Photo) -> list[Panel]:
        panels = []
        for (assist, stage), experiment in experiments.items():
            name = f"+ {assist[0]} loss" if assist else "no assistance"
            panels.append(result_panel(results, experiment, photo, f"{name}, {stage} updates"))
        return panels

    return sheet


def _losses_plots(
    runs: Mapping[Assists, Experiment],
) -> Callable[[ExperimentResults, Photos], list[JsonObject]]:
    def plots(results: ExperimentResults, photos: Photos) -> list[JsonObject]:
        lines = []
        for assist, experiment in runs.items():
            traces = results.each(experiment, photos, "trace")
            lines.append((f"+ {assist[0]}" if assist else "none", _relative(traces)))
        return [plot("Loss while the latent is updated", "updates", "share of the first", lines)]

    return plots


def _steady(iterations: int) -> UpdateSettings:
    """Return settings of updates that do not end early and record every iteration."""
    return UpdateSettings(iterations=iterations, patience=iterations)


def _relative(traces: Sequence[Sequence[Sequence[float]]]) -> list[tuple[float, float | None]]:
    """Return (iteration, mean share of the first loss) for the readings that all traces have."""
    length = min((len(trace) for trace in traces), default=0)
    return [
        (
            float(traces[0][i][0]),
            float(np.mean([trace[i][1] / max(trace[0][1], 1e-30) for trace in traces])),
        )
        for i in range(length)
    ]


# --- the survey -----------------------------------------------------------------------------------


def _survey(quick: bool) -> PaperFigure:
    axes = (*_weight_axes(quick), _photorealism_axis(quick), *_run_axes(quick))
    return PaperFigure(
        "survey",
        "Appendix: hyper-parameters",
        "One parameter at a time, block + random sampling, assistance only for the loss in "
        f"question, {SURVEYED} updates. The paper's e1 is the weight of the prior, e2 that of the "
        "class, e3 the noise, e4 the weight of the known pixels. The style loss can only lower "
        "SSIM: a Gram matrix states how much texture there is but not where, and SSIM counts "
        "texture that does not match the original as error.",
        measured=tuple(experiment for axis in axes for _, experiment in axis.points),
        plots=lambda results, photos: [_survey_plot(axes, results, photos)],
        tables=lambda results, photos: [_survey_table(axis, results, photos) for axis in axes],
    )


def _survey_plot(
    axes: Sequence[SurveyAxis], results: ExperimentResults, photos: Photos
) -> JsonObject:
    """Return all axes in one plot, their values relative to the defaults."""
    lines = [
        (
            axis.name,
            [
                (value / axis.default, results.mean(experiment, photos, "ssim"))
                for value, experiment in axis.points
                if value
            ],
        )
        for axis in axes
    ]
    title = "SSIM over a parameter, times its default"
    return plot(title, "times the default", "SSIM", lines, log=True)


def _survey_table(axis: SurveyAxis, results: ExperimentResults, photos: Photos) -> JsonObject:
    head = ("value", "SSIM", "luma SSIM", "bytes", "loss")
    forms = {"ssim": ".4f", "luma_ssim": ".4f", "bytes": ".0f", "loss": ".4g"}
    rows = []
    for value, experiment in axis.points:
        means = [
            figure_or_dash(results.mean(experiment, photos, name), form)
            for name, form in forms.items()
        ]
        rows.append((f"{value:g}{' (default)' if value == axis.default else ''}", *means))
    return table(axis.name, head, rows)


def _weight_axes(quick: bool) -> list[SurveyAxis]:
    """Return an axis for the weight of each term of the loss."""
    decades = DECADES[1::2] if quick else DECADES
    weights: tuple[tuple[str, tuple[str, ...], Assists], ...] = (
        ("prior (e1)", ("prior",), ()),
        ("class (e2)", ("class",), ("class",)),
        ("known (e4)", ("known",), ()),
        ("edge loss", ("edge",), ("edge",)),
        ("style loss", ("style1", "style2"), ("style",)),
        ("content loss", ("content",), ("content",)),
        ("seam loss", ("seam",), ()),
    )
    return [
        SurveyAxis(
            f"weight: {name}",
            tuple((WEIGHTS[terms[0]] * s, _weighted(terms, s, assist)) for s in (0.0, *decades)),
            WEIGHTS[terms[0]],
        )
        for name, terms, assist in weights
    ]


def _photorealism_axis(quick: bool) -> SurveyAxis:
    values = (0.0, 1.0) if quick else (0.0, 0.1, 1.0, 10.0)
    settings = (
        UpdateSettings(iterations=SURVEYED, weights={**WEIGHTS, "photorealism": value})
        for value in values
    )
    return _axis("weight: photorealism", values, settings, 1.0)


def _run_axes(quick: bool) -> list[SurveyAxis]:
    """Return axes of iterations and of noise."""
    counts = (2, 8) if quick else (1, 2, 4, 8, 16, 32)
    long_counts = (2, 8) if quick else (8, 50, 200)
    noises = (0.0, 1e-2) if quick else (0.0, 1e-10, 1e-4, 1e-2, 1.0)
    form = "reference form"
    return [
        _axis("iterations", counts, (_counted(UpdateSettings(), k) for k in counts), 8.0),
        _axis(
            f"iterations, {form}", long_counts, (_counted(REFERENCE, k) for k in long_counts), 200.0
        ),
        _axis(
            f"noise (e3), {form}",
            noises,
            (replace(REFERENCE, iterations=SURVEYED, noise=noise) for noise in noises),
            1e-10,
        ),
    ]


def _axis(
    name: str, values: Sequence[float], settings: Iterable[UpdateSettings], default: float
) -> SurveyAxis:
    """Return an axis of settings of the updates, one for each value."""
    experiments = (Experiment(WITH_RANDOM, updates=updates) for updates in settings)
    points = tuple(
        (float(value), experiment) for value, experiment in zip(values, experiments, strict=True)
    )
    return SurveyAxis(name, points, default)


def _weighted(terms: Sequence[str], scale: float, assist: Assists) -> Experiment:
    """Return an experiment with the weights of some terms multiplied by scale."""
    weights = {**WEIGHTS, **{term: scale * WEIGHTS[term] for term in terms}}
    return Experiment(
        WITH_RANDOM, assist, updates=UpdateSettings(iterations=SURVEYED, weights=weights)
    )


def _counted(settings: UpdateSettings, iterations: int) -> UpdateSettings:
    """Return settings of exactly so many iterations: none ends early."""
    return replace(settings, iterations=iterations, patience=iterations)
