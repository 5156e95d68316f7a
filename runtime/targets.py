"""What the latent update aims at, and the terms of its loss by name."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ablc.runtime.buffers import STRIDE

Floats = npt.NDArray[np.float32]

# The graph's, and the host's.
TERMS = (
    *("prior", "class", "known", "edge", "style1", "style2", "style3", "content", "seam"),
    "photorealism",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Targets:
    """What a picture should be like. What is None has no say."""

    known: Floats  # (3, H, W) sRGB 0..1
    mask: Floats  # (H, W), 1 where known holds, else 0
    edges: Floats | None = None  # (3, H, W): LoG of the original
    edge_mask: Floats | None = None  # (H, W), 1 where edges holds
    grams: tuple[Floats | None, ...] = (None, None, None)  # (N, N) of F^1, F^2, F^3
    content: Floats | None = None  # (N, H/16, W/16): F^3 of the original
    label: Floats | None = None  # (1000,) wanted shares of the classes
    guide: Floats | None = None  # (3, H, W): photorealistic is what its colours explain

    def counts(self) -> dict[str, float]:
        """By how many values each term is a sum of; 0 for one that has no target."""
        seam = float(seam_of(self.mask).sum())
        dropped = float((1 - self.mask).sum())
        found = {
            "prior": self.mask.size / STRIDE**2,  # of every channel; their sum is what counts
            "known": 3 * float(self.mask.sum()),
            "seam": 6 * seam,
            "edge": 0.0 if self.edge_mask is None else 3 * float(self.edge_mask.sum()),
            "content": 0.0 if self.content is None else self.content.size,
            "class": 0.0 if self.label is None else 1.0,
            "photorealism": 0.0 if self.guide is None else 3 * dropped,
        }
        for i, gram in enumerate(self.grams, 1):
            # Of the whole matrix, relative to its own size: Grams differ by orders of magnitude.
            found[f"style{i}"] = 0.0 if gram is None else max(float(np.square(gram).sum()), 1e-12)
        return found

    def inputs(self) -> dict[str, Floats | None]:
        """What the graph is given of them, by name; None: zeros."""
        return {
            "known": self.known,
            "mask": self.mask,
            "edges": self.edges,
            "edge_mask": self.edge_mask,
            **{f"gram{i}": gram for i, gram in enumerate(self.grams, 1)},
            "content": self.content,
            "label": self.label,
            "seam": seam_of(self.mask),
        }

    def weights(self, wanted: Mapping[str, float]) -> Floats:
        """(10,) weights of the sums of TERMS, from those of the means."""
        counts = self.counts()
        return np.array(
            [wanted.get(t, 0.0) / counts[t] if counts[t] else 0.0 for t in TERMS], np.float32
        )


def seam_of(mask: Floats) -> Floats:
    """(H, W) 1 where a pixel and its right or lower neighbour lie on two sides of the mask."""
    seam = np.zeros_like(mask)
    seam[:, :-1] = mask[:, 1:] != mask[:, :-1]
    seam[:-1] = np.maximum(seam[:-1], mask[1:] != mask[:-1])
    return seam
