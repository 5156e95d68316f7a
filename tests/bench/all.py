"""All benchmarks in one run, as the page docs/BENCHMARKS.md.

    PYTHONPATH=tests python tests/bench/all.py [--latency FILE] > docs/BENCHMARKS.md

Takes the arguments of rd.py. All measurements also go to JSON files in the folder --out. Without
wrk the service is left out, without Ray the batches on Ray.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import batch
import finders
import hostile
import invisible
import latency
import load
import lossless_roi
import mask
import memory
import pillow
import range_coder
import rd
import region
import roi
import schemes
import speed
import target
from printing import markdown, write_json

import ablc

SPAN = (0.05, 0.5)  # bits per pixel of the BD-rates
LOSSY_BPP = 0.5  # of the speeds
SIDE = 10000  # pixels, of the large picture
WINDOW_SIDE = 8192  # pixels, of the one from which windows are decoded
ROUNDS = 9
WINDOW_ROUNDS = 7
PILLOW_ROUNDS = 25
LOAD_SECONDS = 60
UPLOADS, FILES, FILE_SIDE = 10_000, 1000, 256

# Benchmarks of how bits are distributed, in the order of the page.
STEERING = {
    "roi": roi,
    "finders": finders,
    "lossless_roi": lossless_roi,
    "invisible": invisible,
    "schemes": schemes,
    "target": target,
    "region": region,
}

HEAD = """# Benchmarks

This page is the output of `PYTHONPATH=tests python tests/bench/all.py > docs/BENCHMARKS.md`,
ablc {version}, on the Kodak pictures; `tests/bench/README.md` lists what the command needs. All
codecs run in the same process, from pixels in memory to the bytes of a whole file and back, with
one thread each. The head of each script in `tests/bench/` defines its figures. Speeds are
comparable within one run only. The networks have a page of their own, [NETWORKS.md](NETWORKS.md).
"""


PEERS = """## Peers

| name in the tables | what writes it | setting |
| --- | --- | --- |
| JPEG | Pillow (libjpeg-turbo) | progressive, optimised Huffman tables, 4:2:0 |
| WebP m6 | Pillow (libwebp) | lossy, method 6 |
| JPEG XL e7 | imagecodecs (libjxl) | VarDCT, effort 7, bare codestream |
| HEIC | pillow-heif (x265) | as it writes HEIC by default, 4:2:0 |
| AVIF s6 iq | Pillow (libaom) | speed 6, tune=iq, 8 bits, 4:2:0: what Pillow 13 does of itself |
| AVIF s6 ssim | Pillow (libaom) | the same with `advanced={"tune": "ssim"}` |
| AVIF s3 ssim | Pillow (libaom) | speed 3, tune=ssim: about ten times the time of speed 6 |
| x265 slow | ffmpeg (libx265) | HEVC intra, preset slow, tune ssim, 8 bits, 4:2:0 |
| SVT-AV1 p2 | ffmpeg (libsvtav1) | AV1 still picture, preset 2, tune ssim, 10 bits, 4:2:0 |
| vvenc medium | ffmpeg (libvvenc) | VVC intra, preset medium, qpa 0, 10 bits, 4:2:0 |

ffmpeg is that of the package imageio-ffmpeg, or one on the path. Its raw streams are charged 300
bytes for a container (`CONTAINER_BYTES` of `ablc/peers/ffmpeg.py`); Y, Cb and Cr are BT.601 in
full range, converted in floating point (`ablc/peers/planes.py`). Sweeps of qualities reach from
.03 bits per pixel, or the lowest rate of the codec, to about 2. A codec that cannot run here,
because a library is missing or an ffmpeg has no such encoder, is left out, and the reason is
printed. `mozjpeg`, `JPEG 2000` and `JPEG baseline` are there for `--peers`.

PSNR is over R, G and B, SSIM over luma, MS-SSIM the mean of R, G and B (`ablc/metrics.py`).
SSIMULACRA 2 (`ablc/eval/measures/ssimulacra2.py`) agrees with the program of libjxl, whose scores
its tests have; the package ssimulacra2, of which it takes colours, weights and mapping, has other
borders and another blur, and differs by points at low rates. Its BD-rates are over scores of 0 to
90.
"""


def summary(results: dict[str, Any]) -> str:
    """Return a line per figure: ablc's and, from the same run, those of other codecs."""
    lossy = {entry["codec"]: entry for entry in results["speed"] if not entry["lossless"]}
    lossless = {entry["codec"]: entry for entry in results["speed"] if entry["lossless"]}
    rows = [bd_line(results["rates"], metric) for metric in rd.METRICS]
    for way in ("decode", "encode"):
        rows.append([f"{way}, {LOSSY_BPP} bpp, MP/s", *beside(lossy, way, ".1f")])
    rows.append(["lossless, four pictures, bpp", *beside(lossless, "bpp", ".2f")])
    rows.append(["lossless, all pictures, bpp", *beside(lossless, "bpp_all", ".2f")])
    rows.append(
        ["entropy decoder, million decisions/s", f"{results['range_coder']['median']:.0f}", ""]
    )
    masks = {name: {"bits": bits} for name, bits in results["mask"].items()}
    rows.append(["mask of edge-touched 8x8 cells, bits per cell", *beside(masks, "bits", ".3f")])
    peaks = [f"{results['memory'][way]['bytes_per_pixel']:.1f}" for way in ("encode", "decode")]
    rows.append(
        [
            f"peak memory, {SIDE**2 // 10**6} megapixels, bytes per pixel beyond the picture",
            " / ".join(peaks),
            "encode / decode",
        ]
    )
    for name, benchmark in STEERING.items():
        rows += benchmark.summary(results[name])
    return markdown(["", "ablc", "others, or explanation"], rows)


def bd_line(rates: dict[str, dict[str, rd.Mean | None]], metric: str) -> list[str]:
    means = {name: row[metric] for name, row in rates.items()}
    return [
        f"BD-rate by {rd.METRICS[metric]}, {SPAN[0]}-{SPAN[1]} bpp, %",
        " / ".join(f"{mean.mean:+.1f}" if mean else "-" for mean in means.values()),
        "against " + " / ".join(means),
    ]


def beside(entries: dict[str, dict[str, float]], key: str, spec: str) -> list[str]:
    """Return ablc's figure, which is the first, and those of the others with their names."""
    own, *others = entries.items()
    return [
        f"{own[1][key]:{spec}}",
        ", ".join(f"{name}: {entry[key]:{spec}}" for name, entry in others),
    ]


def settings(entries: list[dict[str, Any]]) -> str:
    rows = [[entry["codec"], entry["settings"], entry["library"]] for entry in entries]
    return "\n".join(f"- {codec}: {how} ({library})" for codec, how, library in rows)


def measured(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the results of each benchmark, also written to its JSON file."""
    options = dict(arguments.option)
    images, cache, jobs = arguments.images, arguments.cache, arguments.jobs
    benchmarks: dict[str, Callable[[], Any]] = {
        "mask": lambda: mask.run(images),
        "range_coder": range_coder.run,
        "speed": lambda: speed.run(images, LOSSY_BPP, ROUNDS, options),
        "memory": lambda: memory.run(images, SIDE, {"threads": 1, **options}),
        "curves": lambda: rd.run(images, arguments.peers, options, cache, jobs),
        "roi": lambda: roi.figures(roi.run(images, roi.WEIGHTS, options, cache, jobs)),
        "finders": lambda: finders.run(images),
        "lossless_roi": lambda: lossless_roi.run(images, options, cache, jobs),
        "invisible": lambda: invisible.run(images),
        "schemes": lambda: schemes.run(images, options, jobs),
        "target": lambda: target.run(images, options, jobs),
        "region": lambda: region.run(images, WINDOW_SIDE, WINDOW_ROUNDS, options),
        "pillow": lambda: pillow.both(images, LOSSY_BPP, PILLOW_ROUNDS),
        "load": lambda: load.run(images, LOAD_SECONDS, "raw") if shutil.which("wrk") else None,
        "hostile": lambda: hostile.run(UPLOADS, 1),
        "batch": lambda: [batch.figures(engine, FILES, FILE_SIDE) for engine in engines()],
    }
    results: dict[str, Any] = {}
    for name, benchmark in benchmarks.items():
        print(f"{name} ...", file=sys.stderr, flush=True)
        results[name] = benchmark()
        if name != "curves":
            write_json(arguments.out / f"{name}.json", results[name])
    write_json(arguments.out / "rd.json", rd.result(results["curves"], SPAN, options))
    results["rates"] = rd.bd_rates(results["curves"], SPAN)
    return results


def engines() -> list[str]:
    """Return the engines of `ablc batch` that are installed."""
    return ["local", "ray"] if importlib.util.find_spec("ray") else ["local"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    rd.add_arguments(parser, "kodak")
    parser.add_argument(
        "--out", type=Path, default=Path("results"), metavar="FOLDER", help="default: %(default)s"
    )
    parser.add_argument(
        "--latency", type=Path, metavar="FILE", help="JSON of test_latency.py, to be included"
    )
    arguments = parser.parse_args()
    with redirect_stdout(sys.stderr):  # Ray prints there, too
        results = measured(arguments)
    parts = [
        HEAD.format(version=ablc.__version__),
        summary(results),
        PEERS,
        "## Settings",
        settings(results["speed"]),
        "## Rate and distortion",
        rd.report(results["curves"], SPAN),
        "## Speed",
        speed.report(results["speed"]),
        "## Masks, entropy decoder, memory",
        mask.report(results["mask"]),
        range_coder.report(results["range_coder"]),
        memory.report(results["memory"], SIDE),
        "## Regions, masks of the paper, rate control, windows",
        *(benchmark.report(results[name]) for name, benchmark in STEERING.items()),
        "## Pillow, service, batches",
        pillow.report(results["pillow"]),
        load.report(results["load"]) if results["load"] else "(The service: not measured, no wrk.)",
        hostile.report(results["hostile"]),
        batch.report(results["batch"]),
    ]
    if arguments.latency:
        parts += ["## Latency", latency.report(arguments.latency)]
    print("\n\n".join(part.strip() for part in parts))


if __name__ == "__main__":
    main()
