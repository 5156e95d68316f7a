"""Exported graphs in ONNX Runtime against the networks and the step in torch."""

from collections import Counter

import numpy as np
import numpy.typing as npt
import pytest

for needed in ("torch", "onnx", "onnxscript", "onnxslim"):
    pytest.importorskip(needed, reason="the exporters need the [train] extra")
ort = pytest.importorskip("onnxruntime", reason="graphs are run by ONNX Runtime")

import onnx  # noqa: E402
import torch  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

import made_updates  # noqa: E402
from ablc.export import graphs, nets, stage2, to_onnx, update  # noqa: E402

Arrays = dict[str, npt.NDArray[np.float32]]

TINY = nets.Preset(
    fill_widths=(32, 16, 16),
    fill_depths=(0, 0, 1),
    latent=16,
    encoder_widths=(16, 32, 48),
    encoder_depths=(0, 0, 0),
    generator_widths=(16, 32, 48),
    generator_depths=(0, 1, 0),
    condition_widths=(16, 32, 48, 64),
    condition_depths=(0, 0, 0, 0),
    stage2_width=16,
    stage2_depth=1,
    critic_widths=(16, 16, 16, 16),
)
FIXED = (2, 32, 96)
SIZES = [(1, 64, 96), (3, 96, 32), (2, 32, 160)]  # B, H, W; none is the traced one
NETS = {
    "fill": nets.Fill,
    "encoder": nets.LatentEncoder,
    "generator": nets.Generator,
    "condition": nets.Condition,
    "stage2": stage2.Stage2,
}


@pytest.fixture(scope="module")
def latent_update() -> update.LatentUpdate:
    return made_updates.latent_update(TINY)


@pytest.fixture(scope="module")
def dynamic(latent_update: update.LatentUpdate) -> onnx.ModelProto:
    return to_onnx.export_update(latent_update, name="tiny")


@pytest.fixture(scope="module")
def fixed(latent_update: update.LatentUpdate) -> onnx.ModelProto:
    return to_onnx.export_update(latent_update, to_onnx.GraphForm(size=FIXED))


def session(model: onnx.ModelProto, fixed: tuple[int, int, int] | None = None, path: str = ""):
    """fixed: sizes given to the session. path: where the optimised graph is written."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    for name, value in (to_onnx.dimensions(*fixed) if fixed else {}).items():
        options.add_free_dimension_override_by_name(name, value)
    if path:
        options.optimized_model_filepath = path
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    providers = ["CPUExecutionProvider"]
    return ort.InferenceSession(model.SerializeToString(), options, providers=providers)


def arrays(names: tuple[str, ...], tensors: tuple[torch.Tensor, ...]) -> Arrays:
    return {name: x.numpy() for name, x in zip(names, tensors, strict=True)}


def both(
    model, net: update.LatentUpdate, size: tuple[int, int, int], **options
) -> tuple[Arrays, ...]:
    """Outputs of session and network, h as its change."""
    values = update.example(net, *size, seed=sum(size))
    fed = {name: x.numpy() for name, x in values.items()}
    result = dict(zip(update.OUTPUTS, session(model, **options).run(None, fed), strict=True))
    expected = arrays(update.OUTPUTS, net(*values.values()))
    for outputs in (result, expected):
        outputs["h_next"] = outputs["h_next"] - fed["h"]
        outputs["m_next"] = outputs["m_next"] - 0.9 * fed["m"]
    return result, expected


def agree(result: Arrays, expected: Arrays, tolerance: float) -> None:
    """Largest difference within the tolerance's share of the largest value, per output and term."""
    for name, x in expected.items():
        assert result[name].dtype == np.float32
        scale = np.abs(x).max(0 if name == "parts" else None)
        error = np.abs(result[name] - x).max(0 if name == "parts" else None)
        assert (error <= tolerance * scale).all(), (name, error / scale)


def operators(model: onnx.ModelProto) -> Counter[str]:
    return Counter(node.op_type for node in model.graph.node)


@pytest.mark.parametrize("size", SIZES)
def test_step_is_autograds(
    dynamic: onnx.ModelProto, latent_update: update.LatentUpdate, size: tuple[int, int, int]
) -> None:
    agree(*both(dynamic, latent_update, size), 1e-4)


@pytest.mark.parametrize("size", SIZES[:2])
def test_step_of_sizes_fixed_by_the_session(
    dynamic: onnx.ModelProto,
    latent_update: update.LatentUpdate,
    size: tuple[int, int, int],
    tmp_path,
) -> None:
    path = tmp_path / "optimised.onnx"
    agree(*both(dynamic, latent_update, size, fixed=size, path=str(path)), 1e-4)
    assert not graphs.ANY_SIZE_ONLY & operators(onnx.load(path)).keys()


def test_step_of_one_size(fixed: onnx.ModelProto, latent_update: update.LatentUpdate) -> None:
    assert not graphs.ANY_SIZE_ONLY & operators(fixed).keys()
    graphs.check_graph(fixed, fixed=True)
    agree(*both(fixed, latent_update, FIXED), 1e-4)


def test_reference_form_in_the_graph(
    dynamic: onnx.ModelProto, latent_update: update.LatentUpdate
) -> None:
    values = update.example(latent_update, *SIZES[0])
    values["rates"][update.RATES.index("adam")] = 0.0
    fed = {name: x.numpy() for name, x in values.items()}
    result = session(dynamic).run(["h_next"], fed)[0] - fed["h"]
    expected = latent_update(*values.values())[0].numpy() - fed["h"]
    assert np.abs(result - expected).max() <= 1e-4 * np.abs(expected).max()


def test_half_precision(latent_update: update.LatentUpdate) -> None:
    model = to_onnx.export_update(latent_update, to_onnx.GraphForm(size=FIXED, dtype="fp16"))
    large = [x for x in model.graph.initializer if len(x.dims) == 4 and x.dims[0] > 3]
    assert {x.data_type for x in large} == {TensorProto.FLOAT16}
    values = update.example(latent_update, *FIXED)
    values["rates"][update.RATES.index("adam")] = 0.0  # Adam's signs magnify what is near zero
    fed = {name: x.numpy() for name, x in values.items()}
    result = dict(zip(update.OUTPUTS, session(model).run(None, fed), strict=True))
    expected = arrays(update.OUTPUTS, latent_update(*values.values()))
    # Eleven bits through a dozen layers, there and back.
    for name, limit in (("h_next", 0.02), ("m_next", 0.02), ("picture", 2e-3), ("parts", 0.02)):
        start = fed["h"] if name == "h_next" else 0
        change = expected[name] - start
        error = np.abs(result[name] - expected[name])
        assert result[name].dtype == np.float32
        assert error.max() <= limit * np.abs(change).max(), name


def test_weights_stored_in_half(
    dynamic: onnx.ModelProto, latent_update: update.LatentUpdate
) -> None:
    half = graphs.store_half(dynamic)
    graphs.check_graph(half, fixed=False)
    large = [x for x in half.graph.initializer if np.prod(x.dims) >= graphs.LARGE]
    assert {x.data_type for x in large} == {TensorProto.FLOAT16}
    stored = sum(np.prod(x.dims) for x in large)
    assert dynamic.ByteSize() - half.ByteSize() > 1.9 * stored
    result, expected = both(half, latent_update, SIZES[0])
    agree({"picture": result["picture"]}, {"picture": expected["picture"]}, 2e-3)
    agree({"parts": result["parts"]}, {"parts": expected["parts"]}, 0.02)


def test_weights_beyond_half_are_refused() -> None:
    weights = helper.make_tensor("w", TensorProto.FLOAT, [graphs.LARGE], [7e4] * graphs.LARGE)
    model = onnx.ModelProto(graph=onnx.GraphProto(initializer=[weights]))
    with pytest.raises(ValueError, match="w has values of 7e\\+04"):
        graphs.store_half(model)


def test_adjoints_share_weights(dynamic: onnx.ModelProto) -> None:
    stored = [numpy_helper.to_array(x) for x in dynamic.graph.initializer]
    large = [x for x in stored if x.size > 8192]  # the exporter folds what is smaller
    assert len(large) >= 4
    assert len({np.sort(x, axis=None).tobytes() for x in large}) == len(large)


def test_graph_says_what_it_is(dynamic: onnx.ModelProto) -> None:
    props = {prop.key: prop.value for prop in dynamic.metadata_props}
    assert props == {"kind": "step", "id": "tiny", "dtype": "fp32", "storage": "fp32"}
    assert dynamic.opset_import[0].version == 18
    assert [x.name for x in dynamic.graph.input] == list(update.INPUTS)
    assert [x.name for x in dynamic.graph.output] == list(update.OUTPUTS)
    assert b"site-packages" not in dynamic.SerializeToString()
    assert b".py" not in dynamic.SerializeToString()


def test_sizes_are_named(dynamic: onnx.ModelProto) -> None:
    named = to_onnx.dimensions(2, 64, 96)
    assert named["batch"] == 2
    assert (named["height"], named["width_16"]) == (64, 6)
    values = (*dynamic.graph.input, *dynamic.graph.output)
    used = {d.dim_param for x in values for d in x.type.tensor_type.shape.dim if d.dim_param}
    assert used == {"batch", "height", "width", "height_16", "width_16"}
    assert used <= named.keys()


def test_sizes_that_tracing_froze_are_refused() -> None:
    model = graph(helper.make_node("Neg", ["x"], ["y"]))  # 2x3
    graphs.tidy(model, [["", ""], ["", ""]])
    with pytest.raises(ValueError, match="x has size 2, not batch"):
        graphs.tidy(model, [["batch", ""], ["batch", ""]])


@pytest.mark.parametrize("size", [(1, 48, 64), (1, 64, 0), (0, 64, 64)])
def test_sizes_that_are_no_multiples_are_refused(size: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="multiples of 32"):
        to_onnx.GraphForm(size=size)


@pytest.fixture(scope="module")
def forward() -> dict[str, tuple[torch.nn.Module, onnx.ModelProto]]:
    torch.manual_seed(2)
    made = {kind: net(TINY).eval() for kind, net in NETS.items()}
    torch.nn.init.normal_(made["stage2"].embedding.weight)
    return {kind: (net, to_onnx.EXPORTERS[kind](net)) for kind, net in made.items()}


def pictures(model: onnx.ModelProto, size: tuple[int, int, int]) -> dict[str, torch.Tensor]:
    named, draw = to_onnx.dimensions(*size), torch.Generator().manual_seed(4)
    result = {}
    for value in model.graph.input:
        dims = [d.dim_value or named[d.dim_param] for d in value.type.tensor_type.shape.dim]
        result[value.name] = torch.rand(dims, generator=draw)
    return result


@pytest.mark.parametrize("kind", NETS)
@pytest.mark.parametrize("size", SIZES)
def test_networks_are_torchs(forward, kind: str, size: tuple[int, int, int]) -> None:
    net, model = forward[kind]
    assert not graphs.ANY_SIZE_ONLY & operators(model).keys()
    values = pictures(model, size)
    result = session(model).run(None, {name: x.numpy() for name, x in values.items()})
    with torch.no_grad():
        expected = net(*values.values())
    outputs = [expected]
    if kind == "condition":
        outputs = [torch.log_softmax(expected[0], 1), *expected[1]]
    for x, y in zip(result, outputs, strict=True):
        np.testing.assert_allclose(x, y.numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [(1, 1, 1), (2, 7, 5)])
def test_second_stage_takes_pictures_of_any_size(forward, size: tuple[int, int, int]) -> None:
    net, model = forward["stage2"]
    batch, rows, columns = size
    low, label = torch.rand(batch, 3, rows, columns), torch.rand(batch, nets.CLASSES)
    (result,) = session(model).run(None, {"low": low.numpy(), "label": label.numpy()})
    with torch.no_grad():
        expected = net(low, label).numpy()
    assert result.shape == (batch, 3, 4 * rows, 4 * columns)
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["fill", "condition", "stage2"])
def test_networks_of_one_size_in_half(forward, kind: str) -> None:
    net, model = forward[kind]
    half = to_onnx.EXPORTERS[kind](net, to_onnx.GraphForm(size=FIXED, dtype="fp16"))
    fed = {name: x.numpy() for name, x in pictures(model, FIXED).items()}
    for x, y in zip(session(half).run(None, fed), session(model).run(None, fed), strict=True):
        assert x.dtype == np.float32
        np.testing.assert_allclose(x, y, rtol=0, atol=5e-3 * np.abs(y).max())


def graph(*nodes: onnx.NodeProto, inputs: tuple[str, ...] = ("x",)) -> onnx.ModelProto:
    def value(name: str) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 3])

    made = helper.make_graph(nodes, "made", [value(name) for name in inputs], [value("y")])
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)])


def test_branches_are_refused() -> None:
    def branch(op: str) -> onnx.GraphProto:
        out = helper.make_tensor_value_info(f"{op}_out", TensorProto.FLOAT, [2, 3])
        return helper.make_graph([helper.make_node(op, ["x"], [f"{op}_out"])], op, [], [out])

    condition = helper.make_tensor("always", TensorProto.BOOL, [], [True])
    node = helper.make_node(
        "If", ["always"], ["y"], "choice", then_branch=branch("Neg"), else_branch=branch("Abs")
    )
    model = graph(node)
    model.graph.initializer.append(condition)
    with pytest.raises(ValueError, match=r"'choice': ai\.onnx::If"):
        graphs.check_graph(model, fixed=False)


@pytest.mark.parametrize("op", ["Erf", "NonZero", "Softsign"])
def test_other_operators_are_refused(op: str) -> None:
    model = graph(helper.make_node(op, ["x"], ["y"], "odd"))
    if op == "NonZero":
        model.graph.output[0].type.tensor_type.elem_type = TensorProto.INT64
    with pytest.raises(ValueError, match=f"'odd': ai.onnx::{op}"):
        graphs.check_graph(model, fixed=False)


def test_computed_sizes_are_for_graphs_of_any_size() -> None:
    shape = helper.make_node("Shape", ["x"], ["size"], "ask")
    model = graph(shape, helper.make_node("Expand", ["x", "size"], ["y"], "grow"))
    graphs.check_graph(model, fixed=False)
    with pytest.raises(ValueError, match=r"'ask': ai\.onnx::Shape"):
        graphs.check_graph(model, fixed=True)


def test_sizes_from_an_input_are_not_fixed() -> None:
    model = graph(helper.make_node("Reshape", ["x", "size"], ["y"], "change"))
    size = helper.make_tensor_value_info("size", TensorProto.INT64, [2])
    model.graph.input.append(size)
    with pytest.raises(ValueError, match=r"'change': .*Reshape takes size"):
        graphs.check_graph(model, fixed=True)
