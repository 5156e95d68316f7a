"""Latent steps with weights drawn at random, for tests that have torch."""

import torch  # noqa: TID251

from ablc.export import nets, step  # noqa: TID251


def latent_step(preset: nets.Preset, seed: int = 1) -> step.LatentStep:
    """E, G and C of a preset in a step; its gradient is taken in the code alone."""
    torch.manual_seed(seed)
    parts = (nets.Encoder(preset), nets.Generator(preset), nets.Condition(preset))
    return step.LatentStep(*parts).eval().requires_grad_(False)
