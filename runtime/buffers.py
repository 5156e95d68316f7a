"""What the latent update keeps on the device of its session from run to run."""

import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ablc.errors import ModelError
from ablc.runtime import session as sessions
from ablc.runtime.session import Session

Floats = npt.NDArray[np.float32]

STRIDE = 16  # pixels of a side of a place of the code
PARTS = 9  # terms of the loss that the graph knows

_GRAPHS = itertools.count(1)  # a captured graph belongs to its buffers: no two share a number


class Buffers:
    """The buffers of an update, on the device of its session.

    Code and moments change places with their successors from run to run, and the picture with the
    best so far: four ways to bind the graph, each with addresses of its own, as a captured CUDA
    graph needs them.
    """

    def __init__(self, step: Session, latent: tuple[int, ...]) -> None:
        """latent: shape of the code, (L, H/16, W/16)."""
        ort = sessions.onnxruntime()
        self.step = step
        self.latent = (1, *latent)
        self._ids = [next(_GRAPHS) for _ in range(4)]
        sizes = sessions.named(1, STRIDE * latent[1], STRIDE * latent[2])

        def room(*shape: int) -> Any:
            return ort.OrtValue.ortvalue_from_shape_and_type(shape, np.float32, step.device, 0)

        self._inputs = {
            name: ort.OrtValue.ortvalue_from_numpy(zeros, step.device, 0)
            for name, zeros in step.blank(sizes).items()
        }
        self._codes = [
            {name: self._inputs.pop(name) for name in ("h", "m", "v")},
            {name: room(*self.latent) for name in ("h", "m", "v")},
        ]
        self._pictures = [room(1, 3, STRIDE * latent[1], STRIDE * latent[2]) for _ in range(2)]
        self._parts = room(1, PARTS)
        self._now, self._free = 0, 0  # which code comes in; which picture is not the best
        self._bound: dict[tuple[int, int], tuple[Any, Any]] = {}

    def begin(self, h0: Floats, given: Mapping[str, Floats | None]) -> None:
        """Another picture, from its code.

        given: inputs by name, those of the picture's own; None stands for zeros.
        Raises ModelError for one that the network has not.
        """
        self._now = 0
        zeros = np.zeros(self.latent, np.float32)
        for name, value in (("h", h0), ("m", zeros), ("v", zeros)):
            self._codes[0][name].update_inplace(_shaped(name, value, self.latent))
        for name, array in given.items():
            if array is None and name not in self._inputs:
                continue  # steps of an earlier version take less
            shape = tuple(self._input(name).shape())
            value = np.zeros(shape, np.float32) if array is None else _shaped(name, array, shape)
            self.set(name, value)

    def set(self, name: str, value: Floats) -> None:
        """Another value of an input, where the old one was. Raises ModelError if there is none."""
        self._input(name).update_inplace(value)

    def run(self) -> None:
        """One step: the next code, the picture and the terms of the present one."""
        key = self._now, self._free
        if key not in self._bound:
            self._bound[key] = self._bind(*key)
        binding, options = self._bound[key]
        try:
            self.step.net.run_with_iobinding(binding, options)
        except Exception as error:
            raise self.step.translated(error) from error

    def turn(self) -> None:
        """Lets the next code be the present one."""
        self._now = 1 - self._now

    def keep_picture(self) -> None:
        """The picture of the last run is the best."""
        self._free = 1 - self._free

    def parts(self) -> Floats:
        """(9,) terms of the last run, sums without weights. Waits for the run."""
        return np.asarray(self._parts.numpy()[0])

    def code(self) -> Floats:
        """The code that came into the last run."""
        return np.array(self._codes[self._now]["h"].numpy()[0])

    def picture(self) -> Floats:
        """(3, H, W) the best picture."""
        return np.array(self._pictures[1 - self._free].numpy()[0])

    def _input(self, name: str) -> Any:
        if name not in self._inputs:
            raise ModelError(
                f"{self.step.card.id} is of an earlier version: it has no input {name}"
            )
        return self._inputs[name]

    def _bind(self, now: int, free: int) -> tuple[Any, Any]:
        binding = self.step.net.io_binding()
        for name, value in (*self._inputs.items(), *self._codes[now].items()):
            binding.bind_ortvalue_input(name, value)
        for name, value in self._codes[1 - now].items():
            binding.bind_ortvalue_output(f"{name}_next", value)
        binding.bind_ortvalue_output("picture", self._pictures[free])
        binding.bind_ortvalue_output("parts", self._parts)
        return binding, sessions.run_options(self.step, self._ids[2 * now + free])


def _shaped(name: str, array: Floats, shape: tuple[int, ...]) -> Floats:
    if array.size != math.prod(shape):
        raise ValueError(f"{name} has shape {array.shape}, the network wants {shape}")
    return np.ascontiguousarray(array, np.float32).reshape(shape)
