"""Update graphs with random weights, for tests that have torch."""

import torch  # noqa: TID251

from ablc.export import nets, update  # noqa: TID251


def latent_update(preset: nets.Preset, seed: int = 1) -> update.LatentUpdate:
    """Return an update of a preset's E, G and C; only the code has a gradient."""
    torch.manual_seed(seed)
    parts = (nets.LatentEncoder(preset), nets.Generator(preset), nets.Condition(preset))
    return update.LatentUpdate(*parts).eval().requires_grad_(False)
