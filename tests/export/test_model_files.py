"""From checkpoints to files that the registry takes."""

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks need the [train] extra")
for needed in ("onnx", "onnxscript", "onnxslim", "onnxruntime"):
    pytest.importorskip(needed, reason="export needs the [train] and [cpu] extras")

import onnxruntime  # noqa: E402

import teacher_weights  # noqa: E402
from ablc.export import (  # noqa: E402
    checkpoints,
    cli,
    data,
    model_files,
    to_onnx,
    train,
    training_plan,
)
from ablc.runtime import registry  # noqa: E402
from scenes import drawing  # noqa: E402

SIDE = 64
TASKS = ("fill", "condition", "latent", "stage2")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Of every task, after one step."""
    root = tmp_path_factory.mktemp("runs")
    teachers = teacher_weights.write(root)
    photographs = data.Photographs([drawing(260, 260)], {"drawings": 1}, 0, 0)
    for task in TASKS:
        plan = training_plan.TrainingPlan(
            task=task,
            out=root / task,
            steps=1,
            batch=1,
            crop=SIDE,
            workers=0,
            pool=2,
            teachers=teachers,
            licence="CC0",
        )
        train.train(plan, photographs)
    return {task: root / task / checkpoints.CHECKPOINT for task in TASKS}


@pytest.fixture(scope="module")
def shipped(
    tmp_path_factory: pytest.TempPathFactory, runs: dict[str, Path]
) -> tuple[Path, list[str]]:
    folder = tmp_path_factory.mktemp("models")
    form = to_onnx.GraphForm((1, SIDE, SIDE), storage="fp16")
    return folder, model_files.export(list(runs.values()), folder, form)


def test_every_network_and_the_step_are_shipped(shipped: tuple[Path, list[str]]) -> None:
    folder, ids = shipped
    roles = ("condition", "encoder", "fill", "generator", "stage2", "step")
    assert sorted(ids) == [f"{role}-small" for role in roles]
    for model_id in ids:
        registry.verify(model_id, folder)


def test_card_says_how_the_network_was_made(shipped: tuple[Path, list[str]]) -> None:
    card = registry.card("fill-small", shipped[0])
    assert (card.role, card.preset, card.training.steps) == ("fill", "small", 1)
    assert card.training.data[0].name == "drawings"
    assert card.training.data[0].licence == "CC0"
    assert "train fill --preset small" in card.training.command
    assert card.multiply_adds <= 12e9
    assert card.inputs["decoded"] == f"(1, 3, {SIDE}, {SIDE}) float32"
    step = registry.card("step-small", shipped[0])
    assert step.extras["terms"][0] == "prior"


def test_shipped_fill_is_the_averaged_network(
    shipped: tuple[Path, list[str]], runs: dict[str, Path]
) -> None:
    net = model_files.read(runs["fill"]).networks.fill
    session = onnxruntime.InferenceSession(registry.load("fill-small", shipped[0]))
    rng = np.random.default_rng(0)
    inputs = {
        "decoded": rng.uniform(size=(1, 3, SIDE, SIDE)).astype(np.float32),
        "kept": rng.integers(0, 2, (1, 1, SIDE // 8, SIDE // 8)).astype(np.float32),
        "step": rng.uniform(2, 7, (1, 1, SIDE // 8, SIDE // 8)).astype(np.float32),
    }
    (result,) = session.run(None, inputs)
    with torch.no_grad():
        expected = net(*map(torch.from_numpy, inputs.values())).numpy()
    assert np.abs(result - expected).max() < 2e-3  # weights are stored in half precision


def test_figures_are_recorded(shipped: tuple[Path, list[str]], tmp_path: Path) -> None:
    folder, _ = shipped
    path = tmp_path / "figures.json"
    path.write_text(json.dumps({"cards": {"fill-small": {"quality 25": {"SSIM": 0.75}}}}))
    with pytest.raises(SystemExit) as left:
        cli.main(["record", str(path), "--out", str(folder)])
    assert not left.value.code
    figures = registry.card("fill-small", folder).figures
    assert figures["quality 25"] == {"SSIM": 0.75}
    assert "held_out" in figures
    registry.verify("fill-small", folder)


def test_figures_of_an_unknown_network_are_refused(shipped: tuple[Path, list[str]]) -> None:
    with pytest.raises(ValueError, match=r"no card other\.json"):
        model_files.record(shipped[0], {"other": {}})


@pytest.mark.parametrize("content", ["[]", "{}", '{"cards": 1}', "nothing"])
def test_file_without_figures_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "figures.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"figures\.json"):
        model_files.read_figures(path)


def test_same_network_twice_is_refused(runs: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="two checkpoints hold fill-small"):
        model_files.export([runs["fill"]] * 2, tmp_path, to_onnx.ANY_SIZE)


def test_command_refuses_a_file_that_is_no_checkpoint(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.pt").write_bytes(b"nothing")
    with pytest.raises(SystemExit) as left:
        cli.main(["onnx", str(tmp_path / "x.pt"), "--out", str(tmp_path)])
    assert left.value.code == 2
    assert "x.pt is no checkpoint" in capfd.readouterr().err
