"""Training: it learns, leaves what it should, goes on where it stopped, and says what is wrong."""

import csv
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="networks need the [train] extra")

import teacher_weights  # noqa: E402
from ablc.export import checkpoints, cli, data, nets, tasks, train, training_plan  # noqa: E402
from scenes import drawing, scene  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Small batches gain nothing from more, and lose much where cores are busy."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def photographs() -> data.Photographs:
    pictures = [drawing(300, 280 + 20 * seed, seed) for seed in range(6)]
    return data.Photographs(pictures, {"drawings": 6}, 0, 0)


@pytest.fixture(scope="module")
def teachers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return teacher_weights.write(tmp_path_factory.mktemp("weights"))


def plan(out: Path, **changes: object) -> training_plan.TrainingPlan:
    """Small and quick; with workers=0 all is in one process."""
    usual = {"task": "fill", "steps": 4, "batch": 2, "crop": 64, "workers": 0, "pool": 12}
    return training_plan.TrainingPlan(out=out, **(usual | changes))  # type: ignore[arg-type]


def column(path: Path, name: str) -> list[float]:
    with path.open(newline="") as file:
        return [float(row[name]) for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def learnt(
    tmp_path_factory: pytest.TempPathFactory, photographs: data.Photographs
) -> tuple[Path, training_plan.TrainingState]:
    """A run of N that is long enough to learn something."""
    out = tmp_path_factory.mktemp("run")
    chosen = plan(
        out, steps=240, batch=8, pool=48, fresh=0.05, rate=2e-3, workers=1, save_every=5.0
    )
    return out, train.train(chosen, photographs)


def test_training_lowers_the_loss(learnt: tuple[Path, training_plan.TrainingState]) -> None:
    # A fresh N gives back what it gets, so a gain over the decoded picture is what it learnt.
    _, state = learnt
    assert state.last["psnr_gain"] > 0.01
    assert state.last["ssim_gain"] > 0.0


def test_run_leaves_checkpoint_logs_and_sheets(
    learnt: tuple[Path, training_plan.TrainingState],
) -> None:
    out, state = learnt
    assert column(out / "log.csv", "step")[-1] == state.step == 240
    assert column(out / "measures.csv", "psnr_gain")[-1] == pytest.approx(
        state.last["psnr_gain"], abs=1e-4
    )
    with Image.open(out / "sheet-0000240.png") as sheet:
        assert sheet.size[0] == 4 * data.CUT
    kept = checkpoints.read(out / checkpoints.CHECKPOINT)
    assert (kept["task"], kept["preset"], kept["step"]) == ("fill", "small", 240)
    assert kept["data"] == {"pictures": {"drawings": 6}, "licence": "not stated"}


def test_run_goes_on_where_it_stopped(tmp_path: Path, photographs: data.Photographs) -> None:
    train.train(plan(tmp_path), photographs)
    before = checkpoints.read(tmp_path / checkpoints.CHECKPOINT)
    state = train.train(plan(tmp_path, steps=6), photographs)
    after = checkpoints.read(tmp_path / checkpoints.CHECKPOINT)
    assert (before["step"], state.step, after["step"]) == (4, 6, 6)
    assert state.seconds > before["seconds"]
    moments = (kept["optimisers"]["networks"]["state"][0]["step"] for kept in (before, after))
    assert list(map(float, moments)) == [4, 6]


def test_spent_budget_changes_nothing(tmp_path: Path, photographs: data.Photographs) -> None:
    train.train(plan(tmp_path), photographs)
    before = checkpoints.read(tmp_path / checkpoints.CHECKPOINT)["trained"]
    train.train(plan(tmp_path), photographs)
    after = checkpoints.read(tmp_path / checkpoints.CHECKPOINT)["trained"]
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_same_seed_same_networks(tmp_path: Path, photographs: data.Photographs) -> None:
    runs = [("a", 0), ("b", 0), ("c", 1)]
    for name, seed in runs:
        train.train(plan(tmp_path / name, seed=seed), photographs)
    first, again, other = (
        checkpoints.read(tmp_path / name / checkpoints.CHECKPOINT)["trained"]["fill.mix.weight"]
        for name, _ in runs
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_start_takes_the_networks_alone(tmp_path: Path, photographs: data.Photographs) -> None:
    train.train(plan(tmp_path / "a"), photographs)
    start = tmp_path / "a" / checkpoints.CHECKPOINT
    state = train.train(plan(tmp_path / "b", start=start, rate=1e-12, steps=1), photographs)
    kept, new = checkpoints.read(start), checkpoints.read(tmp_path / "b" / checkpoints.CHECKPOINT)
    assert state.step == 1
    assert [run["steps"] for run in new["earlier"]] == [4]
    for name, value in kept["averaged"].items():
        assert torch.allclose(new["trained"][name], value, atol=1e-6)


def test_slim_checkpoint_is_a_start(tmp_path: Path, photographs: data.Photographs) -> None:
    train.train(plan(tmp_path / "a"), photographs)
    start, small = tmp_path / "a" / checkpoints.CHECKPOINT, tmp_path / "slim" / "fill.pt"
    checkpoints.slim(start, small)
    assert small.stat().st_size < start.stat().st_size / 6
    kept, net = checkpoints.read(start), tasks.FillNetworks(nets.PRESETS["small"])
    checkpoints.read_networks(small, net)
    for name, value in net.state_dict().items():
        assert torch.allclose(value, kept["averaged"][name], atol=1e-3)
    state = train.train(plan(tmp_path / "b", start=small, steps=1), photographs)
    assert [run["steps"] for run in state.earlier] == [4]


TERMS = {
    "condition": {"scores", "map", "features"},
    "latent": {"imitation", "scale", "pixel", "ssim", "h1", "h", "lpips", "adversarial", "critic"},
    "fill-perceptual": {"pixel", "ssim", "lpips", "adversarial", "critic"},
    "stage2": {"pixel", "lpips", "adversarial", "critic"},
}


SHRINKS = {"condition": "features", "latent": "pixel"}


@pytest.mark.parametrize("task", TERMS)
def test_tasks_with_teachers_learn(
    task: str, tmp_path: Path, photographs: data.Photographs, teachers: Path
) -> None:
    weights = {"adversarial": 0.01} if task != "condition" else {}
    steps = 120 if task in SHRINKS else 20  # the others are about right from the first one
    chosen = plan(
        tmp_path, task=task, teachers=teachers, weights=weights, steps=steps, batch=4, rate=3e-3
    )
    state = train.train(chosen, photographs)
    with (tmp_path / "log.csv").open(newline="") as file:
        assert set(next(csv.reader(file))) == TERMS[task] | {"step", "seconds", "pictures", "total"}
    if task in SHRINKS:
        first, *_, last = column(tmp_path / "log.csv", SHRINKS[task])
        assert last < 0.97 * first
    assert all(map(math.isfinite, state.last.values()))


def test_breakdown_names_the_last_good_checkpoint(
    tmp_path: Path, photographs: data.Photographs
) -> None:
    train.train(plan(tmp_path), photographs)
    before = (tmp_path / checkpoints.CHECKPOINT).read_bytes()
    broken = plan(tmp_path, steps=50, weights={"pixel": math.nan})
    with pytest.raises(
        training_plan.TrainingError, match=r"total is nan.*last good checkpoint is .*\.pt"
    ):
        train.train(broken, photographs)
    assert (tmp_path / checkpoints.CHECKPOINT).read_bytes() == before


def test_breakdown_without_checkpoint_says_so(
    tmp_path: Path, photographs: data.Photographs
) -> None:
    with pytest.raises(training_plan.TrainingError, match="no checkpoint yet"):
        train.train(plan(tmp_path, weights={"pixel": math.inf}), photographs)


def test_checkpoint_of_another_task_is_refused(
    tmp_path: Path, photographs: data.Photographs, teachers: Path
) -> None:
    train.train(plan(tmp_path, steps=1), photographs)
    other = plan(tmp_path, task="condition", teachers=teachers)
    with pytest.raises(ValueError, match="is of task fill, not condition"):
        train.train(other, photographs)
    with pytest.raises(ValueError, match="is of preset small, not base"):
        train.train(plan(tmp_path, preset="base"), photographs)
    with pytest.raises(ValueError, match="another architecture"):
        checkpoints.read_networks(
            tmp_path / checkpoints.CHECKPOINT, tasks.FillNetworks(nets.PRESETS["base"])
        )


@pytest.mark.parametrize("content", [b"", b"nothing of the kind", None])
def test_file_that_is_no_checkpoint_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "x.pt"
    if content is None:
        torch.save({"other": 1}, path)
    else:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=r"x\.pt is no checkpoint"):
        checkpoints.read(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": None}, "give a budget"),
        ({"steps": 0}, "steps must be above 0"),
        ({"minutes": -1.0}, "minutes must be above 0"),
        ({"crop": 100}, "crop must be a multiple of 32"),
        ({"crop": 512}, "crop must be a multiple of 32 up to 256"),
    ],
)
def test_plan_is_checked(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plan(tmp_path, **changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": "fil"}, "task must be one of fill, .* not 'fil'"),
        ({"preset": "huge"}, "preset must be one of small, base, not 'huge'"),
        ({"weights": {"looks": 1.0}}, "fill has no loss term looks; it has pixel, squared, ssim"),
        ({"task": "condition"}, "name the folder of its weights"),
        ({"device": "nonsense"}, "device 'nonsense' does not work"),
    ],
)
def test_task_is_checked(
    tmp_path: Path, photographs: data.Photographs, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        train.train(plan(tmp_path, **changes), photographs)


def test_learning_rate_rises_then_falls() -> None:
    rising = [train.learning_rate(step, 0.0) for step in range(train.WARM)]
    falling = [train.learning_rate(1000, share) for share in np.linspace(0, 1, 20)]
    assert rising == sorted(rising)
    assert falling == sorted(falling, reverse=True)
    assert (rising[-1], falling[-1]) == pytest.approx((1.0, train.FLOOR))


def test_progress_is_that_of_the_budget_spent_first(tmp_path: Path) -> None:
    both = plan(tmp_path, steps=100, minutes=1.0)
    assert both.progress(50, 6.0) == pytest.approx(0.5)
    assert both.progress(1, 45.0) == pytest.approx(0.75)
    assert both.progress(500, 1.0) == 1.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "photographs").mkdir()
    for seed in range(3):
        Image.fromarray(scene(90, 100, seed=seed)).save(tmp_path / "photographs" / f"{seed}.png")
    return tmp_path / "photographs"


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        cli.main(list(map(str, arguments)))
    return int(left.value.code or 0)


def test_command_trains(folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    quick = ("--steps", 2, "--batch", 1, "--crop", 64, "--pool", 2, "--workers", 0, "--threads", 1)
    assert run("train", "fill", "--data", folder, "--out", out, "--licence", "CC0", *quick) == 0
    printed = capfd.readouterr().out
    assert "3 pictures" in printed
    assert "step 2" in printed
    assert checkpoints.read(out / checkpoints.CHECKPOINT)["data"]["licence"] == "CC0"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fill", "--steps", "1", "--data", "nowhere"], "no such folder or tar file: nowhere"),
        (["fill", "--data", "."], "give a budget"),
        (["paint", "--steps", "1", "--data", "FOLDER"], "task must be one of"),
        (["fill", "--steps", "1", "--data", "FOLDER", "--weight", "ssim"], "TERM=NUMBER"),
    ],
)
def test_command_says_what_is_wrong(
    folder: Path,
    tmp_path: Path,
    arguments: list[str],
    message: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    given = [str(folder) if a == "FOLDER" else a for a in arguments]
    assert run("train", *given, "--out", tmp_path / "run") == 2
    assert message in capfd.readouterr().err
