"""The networks: shapes, sizes, what they do not mix."""

import pytest

torch = pytest.importorskip("torch", reason="networks need the [train] extra")

from ablc.export import layers, nets, stage2  # noqa: E402

SMALL = nets.PRESETS["small"]
HEIGHT, WIDTH = 64, 96


def picture(count: int = 2, height: int = HEIGHT, width: int = WIDTH) -> torch.Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(0))


def cells(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(1)
    shape = (x.shape[0], 1, x.shape[2] // nets.CELL, x.shape[3] // nets.CELL)
    kept = (torch.rand(shape, generator=draw) < 0.5).float()
    return kept, 8 * torch.rand(shape, generator=draw)


def label(*classes: int) -> torch.Tensor:
    """(B, 1000): one class each."""
    return torch.eye(nets.CLASSES)[list(classes)]


@pytest.fixture(scope="module", autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("r", [2, 4])
def test_depth_to_space_and_back(r: int) -> None:
    x = torch.randn(2, 3 * r * r, 5, 7)
    y = layers.depth_to_space(x, r)
    assert y.shape == (2, 3, 5 * r, 7 * r)
    for i in range(r):
        for j in range(r):
            first = (i * r + j) * 3
            assert torch.equal(y[:, :, i::r, j::r], x[:, first : first + 3])
    assert torch.equal(layers.space_to_depth(y, r), x)


@pytest.mark.parametrize("operator", [layers.depth_to_space, layers.space_to_depth])
def test_operator_is_sound(operator: torch.library.CustomOpDef) -> None:
    x = torch.randn(2, 8, 4, 6, dtype=torch.float64, requires_grad=True)
    torch.library.opcheck(operator, (x, 2), test_utils=("test_schema", "test_faketensor"))
    assert torch.autograd.gradcheck(lambda z: operator(z, 2), x)


@pytest.mark.parametrize("preset", nets.PRESETS)
def test_shapes(preset: str) -> None:
    chosen = nets.PRESETS[preset]
    x = picture(1)
    with torch.no_grad():
        assert nets.Fill(chosen)(x, *cells(x)).shape == x.shape
        encoder = nets.LatentEncoder(chosen)
        h = encoder(x)
        assert h.shape == (1, chosen.latent, HEIGHT // 16, WIDTH // 16)
        assert encoder.h1(x).shape == (1, chosen.encoder_widths[2], HEIGHT // 16, WIDTH // 16)
        assert nets.Generator(chosen)(h).shape == x.shape
        scores, features = nets.Condition(chosen)(x)
        assert scores.shape == (1, 1000)
        assert [f.shape[2] for f in features] == [HEIGHT // s for s in (4, 8, 16, 32)]
        assert nets.Critic(chosen)(x).shape == (1, 1, HEIGHT // 16, WIDTH // 16)
        assisted = label(7)
        assert stage2.LabelCritic(chosen)(x, assisted).shape == (1, 1, HEIGHT // 16, WIDTH // 16)
        assert stage2.Stage2(chosen)(x[..., :5, :7], assisted).shape == (1, 3, 20, 28)


def test_sizes_keep_to_the_guide() -> None:
    x = picture(1, 512, 768)
    fill = nets.Fill(SMALL)
    assert layers.parameters(fill) <= 500_000
    assert layers.multiply_adds(fill, x, *cells(x)) <= 12e9
    assert layers.parameters(nets.Fill(nets.PRESETS["base"])) <= 5_000_000
    second = stage2.Stage2(SMALL)
    assert layers.parameters(second) - layers.parameters(second.embedding) <= 400_000
    assert layers.multiply_adds(second, picture(1, 128, 192), label(0)) <= 12e9
    for preset in nets.PRESETS.values():
        assert layers.parameters(nets.Generator(preset)) <= 10_000_000


def test_multiply_adds_of_one_convolution() -> None:
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, padding=1))
    assert layers.multiply_adds(net, torch.zeros(1, 3, 10, 20)) == 10 * 20 * 8 * 3 * 9


def test_fresh_fill_gives_nearly_the_decoded_picture() -> None:
    x = picture()
    with torch.no_grad():
        assert (nets.Fill(SMALL)(x, *cells(x)) - x).abs().mean() < 0.02


def test_fresh_second_stage_is_nearly_cubic_interpolation() -> None:
    # Any slope comes back exactly where all taps lie in the picture.
    x = torch.linspace(0, 1, 20).expand(1, 3, 16, 20)
    net = stage2.Stage2(SMALL)
    with torch.no_grad():
        plain = layers.depth_to_space(net.interpolated(x), net.FACTOR)
        result = net(x, label(3))
    expected = (torch.arange(80) + 0.5) / 4 - 0.5
    assert torch.allclose(plain[..., 12:-12] * 19, expected[12:-12].expand(1, 3, 64, -1), atol=1e-4)
    assert (result - plain).abs().mean() < 0.02


@pytest.mark.parametrize("net", [stage2.Stage2, stage2.LabelCritic])
def test_label_has_a_say(net: type[torch.nn.Module]) -> None:
    x, made = picture(1), net(SMALL)
    torch.nn.init.normal_(made.embedding.weight)
    with torch.no_grad():
        one, other, none = (made(x, assisted) for assisted in (label(3), label(4), 0 * label(3)))
    assert not torch.equal(one, other)
    assert not torch.equal(one, none)


NETS = {
    "fill": lambda x: nets.Fill(SMALL).double()(x, *(c.double() for c in cells(x))),
    "encoder": lambda x: nets.LatentEncoder(SMALL).double()(x),
    "condition": lambda x: nets.Condition(SMALL).double()(x)[0],
    "stage2": lambda x: stage2.Stage2(SMALL).double()(x, label(3, 3).double()),
}


@pytest.mark.parametrize("name", NETS)
def test_pictures_of_a_batch_do_not_mix(name: str) -> None:
    x = picture().double()
    torch.manual_seed(3)
    together = NETS[name](x)
    torch.manual_seed(3)
    first = NETS[name](x.flip(0))
    if name != "fill":  # whose cells belong to the place in the batch
        assert torch.allclose(together, first.flip(0), atol=1e-9)
    x[1] += 0.1
    torch.manual_seed(3)
    assert torch.allclose(NETS[name](x)[0], together[0], atol=1e-9)


def test_fill_heeds_mask_and_step() -> None:
    x = picture(1)
    kept, step = cells(x)
    net = nets.Fill(SMALL)
    with torch.no_grad():
        usual = net(x, kept, step)
        assert not torch.equal(net(x, 1 - kept, step), usual)
        assert not torch.equal(net(x, kept, step + 1), usual)


def test_latent_moves_with_the_picture() -> None:
    x = picture(1, 64, 320)
    encoder = nets.LatentEncoder(SMALL)
    with torch.no_grad():
        whole = encoder(x)
        shifted = encoder(x[..., 32:])
    # Cells within 6 of the left border see beyond it; the right one is the same for both.
    assert torch.allclose(whole[..., 8:], shifted[..., 6:], atol=1e-4)
