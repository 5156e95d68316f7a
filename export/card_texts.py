"""Fixed texts of the model cards, by role."""

from typing import Any

LICENCE = "MIT"
MEASURE = "python tests/bench/networks.py --json FILE"  # what fills the figures of a card
ARCHITECTURE = {
    "fill": (
        "N: convolutional, three resolutions (1/2, 1/4, 1/8) with skips, residual blocks, leaky "
        "rectifiers; adds a correction to the decoded picture.",
        "What the stream says of every cell of 8x8 pixels enters at each of its 2x2 places.",
    ),
    "encoder": ("E = E2 o E1: strided and residual convolutions, SiLU; E1 imitates AlexNet.",),
    "generator": ("G: residual convolutions and depth-to-space, SiLU; inverts E.",),
    "condition": ("C: strided and residual convolutions, SiLU; imitates SqueezeNet 1.1.",),
    "step": ("One latent step: G, C, E, the gradient of all terms in h, and the update of h.",),
    "stage2": (
        "S: residual convolutions at a quarter of the sides, SiLU, then depth-to-space; adds to "
        "cubic interpolation.",
        "Class shares, embedded in 32 channels, scale and shift the channels of every block.",
    ),
}
LIMITS = {
    "fill": ("Trained on photographs; text and drawings may come out softer than they were.",),
    "fill-perceptual": (
        "Trained on photographs; text and drawings may come out softer than they were.",
        "Makes up texture, in places as a fine regular grain.",
    ),
    "encoder": ("Made for G and the latent step; no general feature extractor.",),
    "generator": ("Its pictures are soft; fine texture is made up.",),
    "condition": (
        "Trained on few pictures of each ImageNet class: its scores are weak (agree_top5 among "
        "what training reached); its features are what it is for.",
    ),
    "step": ("Start from E of a decoded picture: from elsewhere it may not converge.",),
    "stage2": (
        "What is finer than four pixels is made up: text and faces come out wrong.",
        "The label changes little.",
    ),
}
# What the runtime has to know. The finest luma step, in grey levels, of pictures that "auto"
# paints: quality 70, up to where N betters nearly all of them (docs/NETWORKS.md has finer ones).
EXTRAS: dict[str, dict[str, Any]] = {"fill": {"finest_step": 13.0}}
