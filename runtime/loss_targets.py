"""The targets of the latent update, and the names and weights of the terms of its loss."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ablc.arrays import Floats
from ablc.runtime.buffers import STRIDE

# The terms of the graph, and of the host.
TERMS = (
    *("prior", "class", "known", "edge", "style1", "style2", "style3", "content", "seam"),
    "photorealism",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Targets:
    """What a picture should be like; a target that is None has no term."""

    known: Floats  # (3, H, W) sRGB 0..1
    mask: Floats  # (H, W), 1 where known is to hold, else 0
    edges: Floats | None = None  # (3, H, W): LoG of the original
    edge_mask: Floats | None = None  # (H, W), 1 where edges is to hold, else 0
    grams: tuple[Floats | None, ...] = (None, None, None)  # (N, N) of F^1, F^2, F^3
    content: Floats | None = None  # (N, H/16, W/16): F^3 of the original
    label: Floats | None = None  # (1000,) shares of the classes
    guide: Floats | None = None  # (3, H, W): whose colours the photorealism term takes

    def counts(self) -> dict[str, float]:
        """Return by term the number of values that it sums up; 0 for a term without a target."""
        seam = float(seam_of(self.mask).sum())
        dropped = float((1 - self.mask).sum())
        counts = {
            "prior": self.mask.size / STRIDE**2,  # for each channel; their sum is what counts
            "known": 3 * float(self.mask.sum()),
            "seam": 6 * seam,
            "edge": 0.0 if self.edge_mask is None else 3 * float(self.edge_mask.sum()),
            "content": 0.0 if self.content is None else self.content.size,
            "class": 0.0 if self.label is None else 1.0,
            "photorealism": 0.0 if self.guide is None else 3 * dropped,
        }
        for i, gram in enumerate(self.grams, 1):
            # Relative to the matrix's own size, as Gram matrices differ by orders of magnitude.
            counts[f"style{i}"] = 0.0 if gram is None else max(float(np.square(gram).sum()), 1e-12)
        return counts

    def inputs(self) -> dict[str, Floats | None]:
        """Return the graph's inputs for these targets, by name; None stands for zeros."""
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

    def weights(self, of_means: Mapping[str, float]) -> Floats:
        """Return (10,) weights of the sums of TERMS, from weights of their means."""
        counts = self.counts()
        return np.array(
            [of_means.get(t, 0.0) / counts[t] if counts[t] else 0.0 for t in TERMS], np.float32
        )


def seam_of(mask: Floats) -> Floats:
    """Return (H, W): 1 where the mask differs between a pixel and its right or lower neighbour."""
    seam = np.zeros_like(mask)
    seam[:, :-1] = mask[:, 1:] != mask[:, :-1]
    seam[:-1] = np.maximum(seam[:-1], mask[1:] != mask[:-1])
    return seam
