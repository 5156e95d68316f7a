"""The latent update in torch: its terms, their gradients, and both forms of the move."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the networks need the [train] extra")

from torch import Tensor  # noqa: E402
from torch.fx.experimental.proxy_tensor import make_fx  # noqa: E402

import made_updates  # noqa: E402
from ablc.export import adjoint, losses, nets, update  # noqa: E402

TINY = nets.Preset(
    fill_widths=(32, 16, 16),
    fill_depths=(0, 0, 0),
    latent=16,
    encoder_widths=(16, 32, 48),
    encoder_depths=(0, 0, 1),
    generator_widths=(16, 32, 48),
    generator_depths=(1, 0, 0),
    condition_widths=(16, 32, 48, 64),
    condition_depths=(0, 1, 0, 0),
    stage2_width=16,
    stage2_depth=0,
    critic_widths=(16, 16, 16, 16),
)
Inputs = dict[str, Tensor]
MOMENTUM_FREE = {"beta1": 0.0, "adam": 1.0, "noise": 0.0}  # m_next is then d


def made(dtype: torch.dtype = torch.float32) -> update.LatentUpdate:
    return made_updates.latent_update(TINY).to(dtype)


@pytest.fixture(scope="module")
def latent_update() -> update.LatentUpdate:
    return made()


@pytest.fixture(scope="module")
def precise() -> update.LatentUpdate:
    return made(torch.float64)


def inputs(
    net: update.LatentUpdate,
    batch: int = 2,
    *,
    terms: tuple[str, ...] = update.TERMS,
    pushed: bool = False,
    **rates: float,
) -> Inputs:
    """Example inputs in the precision of the network, with these terms alone and these rates."""
    result = update.example(net, batch, 32, 64, seed=batch)
    result["push"] *= float(pushed)
    for name, value in rates.items():
        result["rates"][update.RATES.index(name)] = value
    result["weights"] *= torch.tensor([float(term in terms) for term in update.TERMS])
    return {name: x.to(net.dtype) for name, x in result.items()}


def run(net: update.LatentUpdate, values: Inputs) -> dict[str, Tensor]:
    return dict(zip(update.OUTPUTS, net(*values.values()), strict=True))


def direction(net: update.LatentUpdate, values: Inputs) -> Tensor:
    return run(net, values)["m_next"]


def composite(x: Tensor, values: Inputs) -> Tensor:
    return values["mask"] * values["known"] + (1 - values["mask"]) * x


def written_out(net: update.LatentUpdate, h: Tensor, values: Inputs) -> dict[str, Tensor]:
    """Every term as the module's description has it."""
    x = net.generator(h)
    x_c = composite(x, values)
    scores, features = net.condition(x_c)
    result = {
        "prior": 0.5 * ((h - net.encoder(x_c)) ** 2).sum((1, 2, 3)),
        "class": -(values["label"] * scores.log_softmax(1)).sum(1),
        "known": (values["mask"] * (x - values["known"])).square().sum((1, 2, 3)),
        "edge": (values["edge_mask"] * (losses.laplacian_of_gaussian(x) - values["edges"]))
        .square()
        .sum((1, 2, 3)),
        "content": 0.5 * (features[2] - values["content"]).square().sum((1, 2, 3)),
    }
    for layer in (1, 2, 3):
        difference = losses.gram(features[layer - 1]) - values[f"gram{layer}"]
        result[f"style{layer}"] = 0.25 * difference.square().sum((1, 2))
    added, seam = x_c - x, values["seam"]
    across = (added[..., 1:] - added[..., :-1]).square() * seam[..., :-1]
    down = (added[..., 1:, :] - added[..., :-1, :]).square() * seam[..., :-1, :]
    result["seam"] = across.sum((1, 2, 3)) + down.sum((1, 2, 3))
    return result


def test_parts_are_the_terms_as_written(precise: update.LatentUpdate) -> None:
    values = inputs(precise)
    result = run(precise, values)
    expected = written_out(precise, values["h"], values)
    for index, term in enumerate(update.TERMS):
        torch.testing.assert_close(result["parts"][:, index], expected[term])
        assert (expected[term] > 0).all()
    torch.testing.assert_close(result["picture"], precise.generator(values["h"]))


@pytest.mark.parametrize("term", update.TERMS[1:])
def test_every_term_alone_has_its_gradient(precise: update.LatentUpdate, term: str) -> None:
    values = inputs(precise, terms=(term,), **MOMENTUM_FREE)
    h = values["h"].clone().requires_grad_()
    expected = written_out(precise, h, values)[term].sum() * values["weights"].sum()
    (gradient,) = torch.autograd.grad(expected, h)
    assert gradient.abs().max() > 0
    torch.testing.assert_close(direction(precise, values), -gradient, rtol=1e-9, atol=1e-12)


def test_gradient_is_the_slope(precise: update.LatentUpdate) -> None:
    values = inputs(precise, terms=update.TERMS[1:], **MOMENTUM_FREE)
    d = direction(precise, values)

    def objective(h: Tensor) -> Tensor:
        parts = run(precise, {**values, "h": h})["parts"]
        return (parts * values["weights"]).sum()

    draw = torch.Generator().manual_seed(3)
    for _ in range(4):
        way = torch.randn(d.shape, generator=draw, dtype=d.dtype)
        ahead, behind = (objective(values["h"] + sign * 1e-5 * way) for sign in (1, -1))
        slope = (ahead - behind) / 2e-5
        torch.testing.assert_close(-(d * way).sum(), slope, rtol=1e-6, atol=1e-6)


def test_push_adds_a_linear_function_of_the_picture(precise: update.LatentUpdate) -> None:
    for terms in ((), update.TERMS[1:]):
        values = inputs(precise, terms=terms, pushed=True, **MOMENTUM_FREE)
        h = values["h"].clone().requires_grad_()
        objective = (precise.generator(h) * values["push"]).sum()
        for term, weight in zip(update.TERMS, values["weights"], strict=True):
            objective = objective + weight * written_out(precise, h, values)[term].sum()
        (gradient,) = torch.autograd.grad(objective, h)
        torch.testing.assert_close(direction(precise, values), -gradient, rtol=1e-9, atol=1e-12)


def test_prior_points_to_the_encoded_composite(precise: update.LatentUpdate) -> None:
    values = inputs(precise, terms=("prior",), **MOMENTUM_FREE)
    x_c = composite(precise.generator(values["h"]), values)
    expected = values["weights"][0] * (precise.encoder(x_c) - values["h"])
    torch.testing.assert_close(direction(precise, values), expected)


def test_noise_is_added(latent_update: update.LatentUpdate) -> None:
    values = inputs(latent_update, terms=(), **{**MOMENTUM_FREE, "noise": 0.25})
    torch.testing.assert_close(direction(latent_update, values), 0.25 * values["noise"])


@pytest.mark.parametrize("adam", [0.0, 1.0])
def test_nothing_to_do_leaves_h_alone(latent_update: update.LatentUpdate, adam: float) -> None:
    values = inputs(latent_update, terms=(), adam=adam, noise=0.0)
    values["m"].zero_()
    values["v"].zero_()
    result = run(latent_update, values)
    assert torch.equal(result["h_next"], values["h"])
    assert not result["m_next"].any()
    assert not result["v_next"].any()


def test_no_label_is_no_class_term(latent_update: update.LatentUpdate) -> None:
    values = inputs(latent_update, **MOMENTUM_FREE)
    without = {**values, "label": torch.zeros_like(values["label"])}
    unweighted = inputs(
        latent_update, terms=tuple(t for t in update.TERMS if t != "class"), **MOMENTUM_FREE
    )
    assert not run(latent_update, without)["parts"][:, 1].any()
    torch.testing.assert_close(
        direction(latent_update, without), direction(latent_update, unweighted), rtol=0, atol=1e-6
    )


def test_networks_see_known_pixels_as_constants(latent_update: update.LatentUpdate) -> None:
    values = inputs(latent_update, terms=("class", "style1", "content"), **MOMENTUM_FREE)
    values["mask"] = torch.ones_like(values["mask"])
    assert not direction(latent_update, values).any()


def test_pictures_of_a_batch_do_not_meet(latent_update: update.LatentUpdate) -> None:
    values = inputs(latent_update, 3)
    together = run(latent_update, values)
    for index in range(3):
        alone = run(
            latent_update,
            {name: x if x.dim() == 1 else x[index : index + 1] for name, x in values.items()},
        )
        for name, x in alone.items():
            torch.testing.assert_close(together[name][index : index + 1], x, rtol=1e-4, atol=1e-6)


def rates_of(values: Inputs) -> dict[str, np.float32]:
    return dict(zip(update.RATES, values["rates"].numpy(), strict=True))


def test_adam_is_its_algorithm(latent_update: update.LatentUpdate) -> None:
    values = inputs(latent_update, adam=1.0, low=-50.0, high=50.0)
    result, r = run(latent_update, values), rates_of(values)
    d = direction(
        latent_update, {**values, "rates": inputs(latent_update, beta1=0.0)["rates"]}
    ).numpy()
    m = r["beta1"] * values["m"].numpy() + (1 - r["beta1"]) * d
    v = r["beta2"] * values["v"].numpy() + (1 - r["beta2"]) * d * d
    move = r["lr"] * (m * r["unbias1"]) / (np.sqrt(v * r["unbias2"]) + r["eps"])
    np.testing.assert_allclose(result["m_next"].numpy(), m, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(result["v_next"].numpy(), v, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(result["h_next"].numpy(), values["h"].numpy() + move, atol=1e-6)


def test_reference_form_moves_by_lr_on_average(latent_update: update.LatentUpdate) -> None:
    values = inputs(latent_update, beta1=0.0, adam=0.0, low=-50.0, high=50.0)
    result = run(latent_update, values)
    h, d = values["h"].numpy(), result["m_next"].numpy()
    length = np.abs(d).mean(axis=(1, 2, 3), keepdims=True)
    expected = h + rates_of(values)["lr"] * d / length
    np.testing.assert_allclose(result["h_next"].numpy(), expected, rtol=0, atol=1e-6)


def test_h_stays_in_range(latent_update: update.LatentUpdate) -> None:
    values = inputs(latent_update, lr=10.0, low=-0.5, high=0.25)
    result = run(latent_update, values)["h_next"]
    assert result.min() == -0.5
    assert result.max() == 0.25


def test_jumps_are_pairs_of_neighbours() -> None:
    e = torch.zeros(1, 1, 2, 3)
    e[0, 0, 0] = torch.tensor([1.0, 3.0, 3.0])  # right: 2, 0; below: 1, 3, 3
    seam = torch.tensor([[[[1.0, 0.0, 10.0], [0.0, 0.0, 100.0]]]])
    assert update.jumps(e, seam).item() == pytest.approx(2**2 + 1**2 + 10 * 3**2)


def test_table_of_adjoints_is_what_autograd_does(latent_update: update.LatentUpdate) -> None:
    values = inputs(latent_update, 1)
    traced = make_fx(lambda *x: latent_update(*x), decomposition_table=adjoint.TABLE)(
        *values.values()
    )
    left = {str(node.target) for node in traced.graph.nodes if "backward" in str(node.target)}
    assert not left
    expected = latent_update(*values.values())
    for x, y in zip(traced(*values.values()), expected, strict=True):
        torch.testing.assert_close(x, y, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("kernel", "options"),
    [
        (3, {"stride": 2, "padding": 1}),
        (2, {"stride": 2, "groups": 2}),
        (3, {"dilation": 2}),
    ],
)
def test_adjoint_not_in_the_table_is_refused(kernel: int, options: dict[str, int]) -> None:
    layer = torch.nn.Conv2d(4, 4, kernel, **options).requires_grad_(False)

    def gradient(x: Tensor) -> Tensor:
        free = x.detach().requires_grad_()
        with torch.enable_grad():
            return torch.autograd.grad(layer(free).sum(), free)[0]

    with pytest.raises(NotImplementedError, match="convolution"):
        make_fx(gradient, decomposition_table=adjoint.TABLE)(torch.zeros(1, 4, 8, 8))
