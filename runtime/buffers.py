"""The inputs and outputs of the latent update, kept on the device between iterations."""

import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ablc import forks
from ablc.arrays import Floats
from ablc.errors import ModelError
from ablc.runtime import session as sessions
from ablc.runtime.session import Session

STRIDE = 16  # pixels to a side of a position of the code
PARTS = 9  # terms of the loss in the graph

_GRAPHS = itertools.count(1)  # a captured graph belongs to its buffers: no two share a number


class Buffers:
    """The buffers of an update, on the device of its session.

    Code and moments swap with their successors after each iteration, and the picture swaps with the
    best one so far. So there are four ways to bind the graph, each with addresses of its own, as
    captured CUDA graphs need them.
    """

    def __init__(self, update: Session, latent: tuple[int, ...]) -> None:
        """latent: shape of the code, (L, H/16, W/16)."""
        ort = sessions.onnxruntime()
        self.update = update
        self.latent = (1, *latent)
        self._ids = [next(_GRAPHS) for _ in range(4)]
        sizes = sessions.named_sizes(1, STRIDE * latent[1], STRIDE * latent[2])

        def room(*shape: int) -> Any:
            return ort.OrtValue.ortvalue_from_shape_and_type(shape, np.float32, update.device, 0)

        self._inputs = {
            name: ort.OrtValue.ortvalue_from_numpy(zeros, update.device, 0)
            for name, zeros in update.blank(sizes).items()
        }
        self._codes = [
            {name: self._inputs.pop(name) for name in ("h", "m", "v")},
            {name: room(*self.latent) for name in ("h", "m", "v")},
        ]
        self._pictures = [room(1, 3, STRIDE * latent[1], STRIDE * latent[2]) for _ in range(2)]
        self._parts = room(1, PARTS)
        self._now = 0  # index of the present code
        self._free = 0  # index of the picture that is not the best
        self._bound: dict[tuple[int, int], tuple[Any, Any]] = {}
        forks.never_destroy(self)

    def begin(self, h0: Floats, given: Mapping[str, Floats | None]) -> None:
        """Begin with another picture, from its code.

        given: the picture's inputs by name; None stands for zeros.
        Raises ModelError for an input that the network does not have.
        """
        self._now = 0
        zeros = np.zeros(self.latent, np.float32)
        for name, value in (("h", h0), ("m", zeros), ("v", zeros)):
            self._codes[0][name].update_inplace(_shaped(name, value, self.latent))
        for name, array in given.items():
            if array is None and name not in self._inputs:
                continue  # graphs of earlier versions have fewer inputs
            shape = tuple(self._input(name).shape())
            value = np.zeros(shape, np.float32) if array is None else _shaped(name, array, shape)
            self.set(name, value)

    def set(self, name: str, value: Floats) -> None:
        """Replace the value of an input in place. Raises ModelError if there is no such input."""
        self._input(name).update_inplace(value)

    def run(self) -> None:
        """Compute the next code, and picture and terms of the present one."""
        key = self._now, self._free
        if key not in self._bound:
            self._bound[key] = self._bind(*key)
        binding, options = self._bound[key]
        try:
            self.update.net.run_with_iobinding(binding, options)
        except Exception as error:
            raise self.update.translated(error) from error

    def turn(self) -> None:
        """Make the next code the present one."""
        self._now = 1 - self._now

    def keep_picture(self) -> None:
        """Keep the picture of the last run as the best."""
        self._free = 1 - self._free

    def parts(self) -> Floats:
        """Return (9,) terms of the last run, unweighted sums. Waits for the run."""
        return np.asarray(self._parts.numpy()[0])

    def code(self) -> Floats:
        """Return the present code, (L, H/16, W/16)."""
        return np.array(self._codes[self._now]["h"].numpy()[0])

    def picture(self) -> Floats:
        """Return the best picture, (3, H, W)."""
        return np.array(self._pictures[1 - self._free].numpy()[0])

    def _input(self, name: str) -> Any:
        if name not in self._inputs:
            raise ModelError(
                f"{self.update.card.id} is of an earlier version: it has no input {name}"
            )
        return self._inputs[name]

    def _bind(self, now: int, free: int) -> tuple[Any, Any]:
        binding = self.update.net.io_binding()
        for name, value in (*self._inputs.items(), *self._codes[now].items()):
            binding.bind_ortvalue_input(name, value)
        for name, value in self._codes[1 - now].items():
            binding.bind_ortvalue_output(f"{name}_next", value)
        binding.bind_ortvalue_output("picture", self._pictures[free])
        binding.bind_ortvalue_output("parts", self._parts)
        return binding, sessions.run_options(self.update, self._ids[2 * now + free])


def _shaped(name: str, array: Floats, shape: tuple[int, ...]) -> Floats:
    if array.size != math.prod(shape):
        raise ValueError(f"{name} has shape {array.shape}, the network takes {shape}")
    return np.ascontiguousarray(array, np.float32).reshape(shape)
