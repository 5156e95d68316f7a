"""Providers of ONNX Runtime, and sessions: networks that are ready to run on a provider.

ONNX Runtime is an extra of the package (cpu or gpu) and is imported when it is first needed.
"""

import importlib.util
import os
import threading
import warnings
from collections import OrderedDict
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ablc import forks, telemetry
from ablc.errors import GpuMemoryError, ProviderError
from ablc.runtime import registry
from ablc.runtime.cards import ModelCard
from ablc.settings import Provider, cores

Device = Literal["cpu", "cuda"]
Arrays = dict[str, npt.NDArray[Any]]
Sizes = tuple[tuple[str, int], ...]  # dimension of a graph -> its size

NAMES: dict[str, str] = {
    "tensorrt": "TensorrtExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "cpu": "CPUExecutionProvider",
}  # in the order in which "auto" tries them
EXTRAS = {"cpu": "cpu", "cuda": "gpu", "tensorrt": "gpu"}
STRIDES = (1, 4, 8, 16, 32)  # of the networks' inputs and outputs
SESSIONS_MOST = 12  # in memory at a time; the one unused for longest is released first
OUT_OF_MEMORY = ("out of memory", "failed to allocate memory", "cuda failure 2:")


def installed() -> bool:
    """True if ONNX Runtime can be imported."""
    return importlib.util.find_spec("onnxruntime") is not None


@cache
def onnxruntime() -> Any:
    """Return the module, without telemetry and with CUDA libraries loaded.

    Raises ProviderError if it is not installed.
    """
    if not installed():
        raise ProviderError(
            "networks run in ONNX Runtime, which is not installed: "
            "pip install 'ablc[cpu]', or 'ablc[gpu]' for CUDA and TensorRT"
        )
    telemetry.switch_off()
    import onnxruntime as module  # type: ignore[import-untyped]

    if hasattr(module, "disable_telemetry_events"):
        module.disable_telemetry_events()  # for a program that imported it first
    if len(both := _distributions()) > 1:
        warnings.warn(
            f"{' and '.join(both)} are both installed and overwrite each other: uninstall one",
            stacklevel=2,
        )
    if NAMES["cuda"] in module.get_available_providers() and hasattr(module, "preload_dlls"):
        module.preload_dlls()  # from the pip packages; prints what is missing, and continues
    return module


def available() -> list[str]:
    """Return the providers of the installed build of ONNX Runtime, the fastest first."""
    built_in = onnxruntime().get_available_providers()
    return [name for name, ort_name in NAMES.items() if ort_name in built_in]


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """A network on a provider. Threads may share it."""

    net: Any  # onnxruntime.InferenceSession
    card: ModelCard
    provider: str  # of NAMES
    fixed: bool = False  # made for inputs of one size
    spare: list[Any] = field(default_factory=list, repr=False)  # buffers for runs on the device
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def device(self) -> Device:
        return "cpu" if self.provider == "cpu" else "cuda"

    def alone(self) -> AbstractContextManager[object]:
        """Return a lock to hold during bound runs: one thread at a time replays captured graphs."""
        return self._turn if self.fixed and self.provider != "cpu" else nullcontext()

    def run(self, inputs: Arrays) -> list[npt.NDArray[Any]]:
        """Return the network's outputs. Raises ProviderError; GpuMemoryError for lack of memory."""
        try:
            return list(self.net.run(None, inputs))
        except Exception as error:
            raise self.translated(error) from error

    def blank(self, sizes: Sizes) -> Arrays:
        """Return inputs of zeros, whose named dimensions have the given sizes."""
        named = dict(sizes)
        return {
            node.name: np.zeros([named.get(side, side) for side in node.shape], np.float32)
            for node in self.net.get_inputs()
        }

    def translated(self, error: Exception) -> Exception:
        """Return the error to raise for an exception of ONNX Runtime."""
        text = str(error)
        if self.provider != "cpu" and any(sign in text.lower() for sign in OUT_OF_MEMORY):
            return GpuMemoryError(
                f"{self.card.id} needs more memory than the GPU has free: "
                "free some of it, or decode with provider='cpu'"
            )
        return ProviderError(f"{self.card.id} failed on {self.provider}: {text}")


class Sessions:
    """The sessions of one provider, made when first requested and shared by threads.

    A forked process starts with none, and never destroys those of its parent (ablc.forks).
    """

    def __init__(self, provider: Provider = "auto", threads: int | None = None) -> None:
        """provider: "auto" takes the first of tensorrt, cuda, cpu that works; an explicit one that
        does not work raises ProviderError when it is first used.
        threads: of the CPU; default one per core.
        """
        self._provider = provider
        self._threads = threads
        self._chosen: str | None = None
        self.restart()
        forks.restart_in_children(self)

    def restart(self) -> None:
        """Begin without sessions; a forked process calls it."""
        self._lock = threading.RLock()
        self._made: OrderedDict[tuple[str, Sizes], Session] = OrderedDict()

    def get(self, card: ModelCard, sizes: Sizes = ()) -> Session:
        """Return the session of a network for inputs of given sizes, or of any size.

        sizes: of the named dimensions, see named_sizes(); empty for any size. Raises ModelError for
        missing or damaged weights, ProviderError if the provider does not work.
        """
        key = (card.sha256, sizes)
        with self._lock:
            if key not in self._made:
                self._made[key] = self._make(card, sizes)
                while len(self._made) > SESSIONS_MOST:
                    self._made.popitem(last=False)
            self._made.move_to_end(key)
            return self._made[key]

    def provider(self, card: ModelCard) -> str:
        """Return the provider in use: "cpu", "cuda" or "tensorrt".

        card: of the network with which "auto" tries providers. Raises what get() raises.
        """
        return self._chosen or self.get(card).provider

    def close(self) -> None:
        """Release all sessions; the next get() makes new ones."""
        with self._lock:
            self._made.clear()

    def _candidates(self) -> list[str]:
        known = available()
        if self._provider == "auto":
            return known
        if self._provider not in known:
            raise ProviderError(
                f"provider {self._provider!r} is not part of the installed ONNX Runtime "
                f"{onnxruntime().__version__}, which has {', '.join(known)}: "
                f"pip install 'ablc[{EXTRAS[self._provider]}]', or choose another"
            )
        return [self._provider]

    def _make(self, card: ModelCard, sizes: Sizes) -> Session:
        faults = []
        for name in [self._chosen] if self._chosen else self._candidates():
            try:
                session = start(card, name, self._threads, sizes)
            except ProviderError as error:
                faults.append(str(error))
                continue
            self._chosen = name
            return session
        raise ProviderError("; ".join(faults))


def named_sizes(batch: int, height: int, width: int) -> Sizes:
    """Return the sizes of a graph's named dimensions: batch, height, width, height_4 ..."""
    sizes = [("batch", batch)]
    for stride in STRIDES:
        suffix = "" if stride == 1 else f"_{stride}"
        sizes += [(f"height{suffix}", height // stride), (f"width{suffix}", width // stride)]
    return tuple(sizes)


def start(
    card: ModelCard,
    provider: str,
    threads: int | None = None,
    sizes: Sizes = (),
    profile: Path | None = None,
) -> Session:
    """Return a session of a network on a provider of NAMES.

    profile: prefix of the path of a file to which ONNX Runtime writes a profile.
    Raises ModelError for missing or damaged weights, ProviderError unless the provider itself takes
    the network.
    """
    weights = registry.load(card)
    options = _session_options(threads, sizes, profile)
    # Captured graphs need inputs at fixed addresses, which only the latent update has.
    captured = card.role == "step" and bool(sizes) and profile is None
    providers = [(NAMES[provider], _options(provider, card, captured=captured))]
    if provider == "tensorrt":
        providers.append((NAMES["cuda"], _options("cuda", card)))
    if provider != "cpu":
        providers.append((NAMES["cpu"], {}))
    try:
        net = onnxruntime().InferenceSession(weights, options, providers=providers)
    except Exception as error:
        raise ProviderError(f"{card.id} does not start on {provider}: {error}") from error
    forks.never_destroy(net)
    if net.get_providers()[0] != NAMES[provider]:
        raise ProviderError(
            f"{provider} does not work here: ONNX Runtime fell back to {net.get_providers()[0]}; "
            f"its libraries are missing or do not fit: pip install 'ablc[{EXTRAS[provider]}]'"
        )
    net.disable_fallback()  # of a failing run to another provider
    return Session(net, card, provider, bool(sizes))


def _session_options(threads: int | None, sizes: Sizes, profile: Path | None) -> Any:
    options = onnxruntime().SessionOptions()
    if profile is not None:
        options.enable_profiling = True
        options.profile_file_prefix = str(profile)
    options.intra_op_num_threads = threads or cores()
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.log_severity_level = 3  # errors; start() checks whether a provider fell back
    # In a service a core has better things to do than wait for the next convolution.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    for name, size in sizes:
        options.add_free_dimension_override_by_name(name, size)
    return options


def run_options(session: Session, graph: int) -> Any:
    """Return the options for repeated runs on the same inputs and outputs.

    graph: a number for their addresses. CUDA captures the work of a network of fixed sizes in its
    first run on them, and replays it later.
    """
    options = onnxruntime().RunOptions()
    if session.provider == "cuda":
        options.add_run_config_entry("gpu_graph_id", str(graph if session.fixed else -1))
    return options


def _options(provider: str, card: ModelCard, *, captured: bool = False) -> dict[str, str]:
    """Return options for reproducible results in bounded memory; captured: as CUDA graphs."""
    if provider == "cuda":
        return {
            "use_tf32": "0",
            "cudnn_conv_algo_search": "HEURISTIC",  # the same choice in every process
            "arena_extend_strategy": "kSameAsRequested",
            "enable_cuda_graph": "1" if captured else "0",
        }
    if provider == "tensorrt":
        folder = _engines(card)
        folder.mkdir(parents=True, exist_ok=True)
        return {
            "trt_engine_cache_enable": "1",
            "trt_engine_cache_path": str(folder),
            "trt_timing_cache_enable": "1",
            "trt_timing_cache_path": str(folder),
        }
    return {}


def _engines(card: ModelCard) -> Path:
    """Return the folder of a network's TensorRT engines, which are named after the GPU."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    version = f"onnxruntime-{onnxruntime().__version__}"
    return home / "ablc" / "tensorrt" / version / f"{card.id}-{card.sha256[:16]}"


def _distributions() -> list[str]:
    """Return the installed distributions of ONNX Runtime."""
    installed_names = []
    for name in ("onnxruntime", "onnxruntime-gpu"):
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        installed_names.append(name)
    return installed_names
