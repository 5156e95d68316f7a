"""The latent update: what it finds, and how it ends."""

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import ablc
import fresh
from ablc.runtime import latent, registry
from ablc.runtime.latent import ReferenceSettings, UpdateResult, UpdateSettings
from ablc.runtime.loss_targets import TERMS, Targets, seam_of
from ablc.runtime.photorealism import Photorealism
from ablc.runtime.session import Session, Sessions
from scenes import scene

pytestmark = pytest.mark.usefixtures("networks")

HEIGHT, WIDTH = 64, 96
SETTINGS = UpdateSettings(iterations=6)


@pytest.fixture(scope="module")
def sessions() -> Sessions:
    return Sessions("cpu", 1)


@pytest.fixture(scope="module")
def update(sessions: Sessions) -> Session:
    pytest.importorskip("onnxruntime")
    return sessions.get(registry.card("step-small"))


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return np.ascontiguousarray(scene(HEIGHT, WIDTH).transpose(2, 0, 1)).astype(np.float32) / 255


@pytest.fixture(scope="module")
def targets(picture: np.ndarray) -> Targets:
    mask = np.ones((HEIGHT, WIDTH), np.float32)
    mask[16:48, 32:64] = 0
    return Targets(known=picture, mask=mask)


@pytest.fixture(scope="module")
def h0(sessions: Sessions, picture: np.ndarray) -> np.ndarray:
    pytest.importorskip("onnxruntime")
    blurred = picture.reshape(3, HEIGHT // 8, 8, WIDTH // 8, 8).mean((2, 4))
    rough = blurred.repeat(8, 1).repeat(8, 2)[np.newaxis]
    return sessions.get(registry.card("encoder-small")).run({"picture": rough})[0][0]


def run(update: Session, h0: np.ndarray, targets: Targets, **changes: Any) -> UpdateResult:
    return latent.run(update, h0, targets, replace(SETTINGS, **changes))


def test_the_loss_falls_and_the_trace_tells_how(
    update: Session, h0: np.ndarray, targets: Targets, sessions: Sessions
) -> None:
    outcome = run(update, h0, targets)
    assert [reading.iteration for reading in outcome.trace] == list(range(7))
    assert (
        outcome.loss == min(reading.loss for reading in outcome.trace) < 0.9 * outcome.trace[0].loss
    )
    assert (outcome.iterations, outcome.stopped) == (6, "done")
    times = [reading.milliseconds for reading in outcome.trace]
    assert times == sorted(times)
    for reading in outcome.trace:
        assert set(reading.terms) == set(TERMS)
        assert sum(reading.terms.values()) == pytest.approx(reading.loss, rel=1e-5)
        assert reading.terms["edge"] == reading.terms["class"] == reading.terms["style1"] == 0
    generator = sessions.get(registry.card("generator-small"))
    assert generator.run({"h": outcome.h[np.newaxis]})[0][0] == pytest.approx(
        outcome.picture, abs=1e-4
    )


def test_the_best_code_is_shown(update: Session, h0: np.ndarray, targets: Targets) -> None:
    wild = run(update, h0, targets, rate=0.6, iterations=8)
    losses = [reading.loss for reading in wild.trace]
    assert losses != sorted(losses, reverse=True)
    assert wild.loss == min(losses)
    assert wild.iteration == losses.index(wild.loss)


def test_runs_repeat(update: Session, h0: np.ndarray, targets: Targets) -> None:
    for settings in (SETTINGS, ReferenceSettings(iterations=6, rate=0.01, noise=0.001, seed=3)):
        first, second = (latent.run(update, h0, targets, settings) for _ in range(2))
        assert (first.h == second.h).all()
        assert (first.picture == second.picture).all()


def test_the_seed_draws_the_noise(update: Session, h0: np.ndarray, targets: Targets) -> None:
    first, second = (
        latent.run(
            update, h0, targets, ReferenceSettings(iterations=6, rate=0.02, noise=1.0, seed=seed)
        )
        for seed in (0, 1)
    )
    assert first.trace[-1].loss != second.trace[-1].loss


def test_a_rising_loss_falls_back(update: Session, h0: np.ndarray, targets: Targets) -> None:
    outcome = run(update, h0, targets, rate=50.0)
    assert outcome.stopped == "diverged"
    assert outcome.iteration == 0
    assert (outcome.h == h0).all()
    assert np.isfinite(outcome.picture).all()
    assert outcome.loss == outcome.trace[0].loss


def test_a_loss_that_is_no_number_falls_back(
    update: Session, h0: np.ndarray, targets: Targets
) -> None:
    broken = replace(targets, known=np.full_like(targets.known, np.nan))
    outcome = run(update, h0, broken)
    assert outcome.stopped == "diverged"
    assert (outcome.h == h0).all()
    assert np.isfinite(outcome.picture).all()  # G of the code, which is sound


def test_a_budget_ends_the_loop(update: Session, h0: np.ndarray, targets: Targets) -> None:
    ticks = itertools.count()  # a second for every look at the clock

    def clock() -> float:
        return float(next(ticks))

    settings = replace(SETTINGS, budget_ms=3500)
    outcome = latent.run(update, h0, targets, settings, clock)
    assert (outcome.stopped, outcome.iterations) == ("budget", 2)
    tiny = latent.run(update, h0, targets, replace(SETTINGS, budget_ms=1), clock)
    assert (tiny.stopped, tiny.iterations) == ("budget", 1)


def test_a_loop_without_progress_ends(update: Session, h0: np.ndarray, targets: Targets) -> None:
    outcome = run(update, h0, targets, rate=1e-9, patience=2)
    assert (outcome.stopped, outcome.iterations) == ("converged", 2)


def test_targets_have_their_say(update: Session, h0: np.ndarray, targets: Targets) -> None:
    gram = np.eye(32, dtype=np.float32)
    label = np.zeros(1000, np.float32)
    label[7] = 1
    more = replace(
        targets,
        edges=np.zeros_like(targets.known),
        edge_mask=1 - targets.mask,
        grams=(gram, None, None),
        content=np.zeros((128, HEIGHT // 16, WIDTH // 16), np.float32),
        label=label,
    )
    terms = run(update, h0, more, iterations=1).trace[0].terms
    assert all(terms[name] > 0 for name in ("class", "edge", "style1", "content"))
    assert terms["style2"] == terms["style3"] == 0
    with pytest.raises(ValueError, match=r"content has shape \(1, 2\), the network takes"):
        run(update, h0, replace(targets, content=np.zeros((1, 2), np.float32)))


def test_photorealism_pulls_towards_what_the_guide_explains(
    update: Session, h0: np.ndarray, targets: Targets, sessions: Sessions
) -> None:
    generator = sessions.get(registry.card("generator-small"))

    def generate(h: np.ndarray) -> np.ndarray:
        return generator.run({"h": h[np.newaxis]})[0][0]

    guided = replace(targets, guide=targets.known)
    weights = {**latent.WEIGHTS, "photorealism": 50.0}
    settings = replace(SETTINGS, weights=weights)
    outcome = latent.run(update, h0, guided, settings, generate=generate)
    without = run(update, h0, guided)
    term = Photorealism(targets.known, targets.known, targets.mask, generate)
    scale = 50.0 / guided.counts()["photorealism"]
    assert outcome.trace[0].terms["photorealism"] == pytest.approx(scale * term(h0)[0], rel=1e-5)
    assert outcome.trace[-1].loss == pytest.approx(sum(outcome.trace[-1].terms.values()))
    assert term(outcome.h)[0] < 0.9 * term(without.h)[0]
    assert without.trace[0].terms["photorealism"] == 0
    again = run(update, h0, targets)  # buffers are shared: nothing is left of the push
    assert (again.h == without.h).all()
    with pytest.raises(ValueError, match="photorealism needs G"):
        latent.run(update, h0, guided, settings)


def test_photorealism_looks_at_dropped_blocks_alone(targets: Targets) -> None:
    other = np.random.default_rng(0).random(targets.known.shape, np.float32)
    term = Photorealism(targets.known, targets.known, targets.mask, lambda h: h)
    energy, gradient = term(other)
    assert energy > 1
    assert not gradient[:, targets.mask == 1].any()
    assert gradient[:, targets.mask == 0].any()
    elsewhere = np.where(targets.mask == 1, 0.5, other).astype(np.float32)
    assert term(elsewhere)[0] == energy
    assert term(targets.known)[0] < 1e-4 * energy


def test_the_seam_runs_along_the_mask() -> None:
    mask = np.ones((4, 5), np.float32)
    mask[1:3, 2:4] = 0
    expected = [[0, 0, 1, 1, 0], [0, 1, 0, 1, 0], [0, 1, 1, 1, 0], [0, 0, 0, 0, 0]]
    assert (seam_of(mask) == expected).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"iterations": 0}, r"iterations must be a whole number in 1\.\.1000, not 0"),
        ({"weights": {"sharp": 1.0}}, "a name in weights must be one of prior, class"),
        ({"weights": {"seam": -1.0}}, r"weights\['seam'\] must be a finite number >= 0"),
        ({"rate": 0}, "rate must be a number above 0, not 0"),
        ({"budget_ms": -5}, "budget_ms must be a number above 0, not -5"),
        ({"tolerance": 1}, r"tolerance must be a number in 0\.\.1, not 1"),
        ({"patience": 0}, "patience must be a whole number at least 1"),
    ],
)
def test_wrong_settings_are_refused(change: dict[str, Any], message: str) -> None:
    for kind in (UpdateSettings, ReferenceSettings):
        with pytest.raises(ValueError, match=message):
            kind(**change)


def test_noise_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="noise must be a finite number"):
        ReferenceSettings(noise=float("nan"))


def test_the_loop_loads_neither_torch_nor_onnx_runtime() -> None:
    code = (
        "import sys, ablc.runtime.latent\n"
        "print([m for m in ('torch', 'onnxruntime') if m in sys.modules])"
    )
    assert fresh.result(code) == "[]\n"


# --- in decode ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stream() -> bytes:
    return ablc.encode(scene(100, 150), quality=25, mask=ablc.Scheme("random-blocks", 0.5))


@pytest.mark.parametrize("iterations", [0, 2])
def test_dropped_blocks_get_detail(stream: bytes, iterations: int) -> None:
    net = ablc.decode(stream, fill="net")
    outcome = ablc.decode(stream, fill="ppgn", iterations=iterations)
    changed = (outcome != net).any(2)
    kept = ablc.keep_mask(stream).repeat(8, 0).repeat(8, 1)[:100, :150]
    assert changed[~kept].mean() > 0.5
    # Kept blocks move where the projection of chroma takes them together with dropped ones.
    assert abs(outcome.astype(int) - net)[kept].max() <= 8
    assert (ablc.decode(stream, fill="ppgn", iterations=iterations) == outcome).all()


def test_time_may_be_limited(stream: bytes) -> None:
    once = ablc.decode(stream, fill="ppgn", iterations=200, budget_ms=1)
    assert once.shape == (100, 150, 3)
    with pytest.raises(ValueError, match="budget_ms=5 needs iterations"):
        ablc.decode(stream, fill="ppgn", budget_ms=5)


def test_without_dropped_blocks_it_is_net() -> None:
    data = ablc.encode(scene(64, 96), quality=30, mask=np.ones((8, 12), bool))
    assert (ablc.decode(data, fill="ppgn", iterations=2) == ablc.decode(data, fill="net")).all()
