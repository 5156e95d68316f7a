"""Fixed texts of the model cards, by role."""

LICENCE = "MIT"
MEASURE = "python tests/bench/networks.py --json FILE"  # fills the figures of a card
ARCHITECTURE = {
    "fill": (
        "N: convolutional, three resolutions (1/2, 1/4, 1/8) with skips, residual blocks, leaky "
        "rectifiers; adds a correction to the decoded picture.",
        "The stream's data about every cell of 8x8 pixels enter at each of its 4x4 positions.",
    ),
    "encoder": ("E = E2 o E1: strided and residual convolutions, SiLU; E1 imitates AlexNet.",),
    "generator": ("G: residual convolutions and depth-to-space, SiLU; inverts E.",),
    "condition": ("C: strided and residual convolutions, SiLU; imitates SqueezeNet 1.1.",),
    "step": (
        "One iteration of the latent update: G, C, E, the gradient of all terms in h, and the "
        "update of h.",
    ),
    "stage2": (
        "S: residual convolutions at a quarter of the sides, SiLU, then depth-to-space; adds to "
        "cubic interpolation.",
        "Class shares, embedded in 32 channels, scale and shift the channels of every block.",
    ),
}
LIMITS = {
    "fill": ("Trained on photographs; text and drawings may come out softer than the original.",),
    "fill-perceptual": (
        "Trained on photographs; text and drawings may come out softer than the original.",
        "Invents texture, in places as a fine regular grain.",
    ),
    "encoder": ("Made for G and the latent update; not a general feature extractor.",),
    "generator": ("Its pictures are soft; fine texture is invented.",),
    "condition": (
        "Trained on few pictures of each ImageNet class: its scores are weak (agree_top5 among "
        "the measures that training reached); its purpose is its features.",
    ),
    "step": ("Start from E of a decoded picture: from other codes it may not converge.",),
    "stage2": (
        "Detail finer than four pixels is invented: text and faces come out wrong.",
        "The label has little effect.",
    ),
}
