"""How far ablc leads HEVC with regions inside a region, at equal bytes and an equal background.

    python tests/bench/addroi.py [--images FOLDER] [--jobs 2]

ablc by importance against x265 by ffmpeg's addroi, which lowers the quantiser inside by 12 or 18 QP
(x265.py): PSNR inside in dB, at the same rate and at HEVC's SSIM of the background, for both masks
of regions.py at both RATES; the mean over the pictures on which HEVC reaches the rate and its
background lies within the range of ablc's weights. One line for each mask and rate; its figure is
the lesser of the two leads. This is the part of roi.py that has to do with HEVC.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import roi
from measuring import add_run_arguments
from printing import markdown, write_json
from region_codecs import HEVC_NAMES


def leads(results: dict[str, Any]) -> dict[str, dict[str, list[float] | None]]:
    """Return mean and number of pictures by mask and rate, and by codec."""
    return {
        place: {name: entry["leads_at_background"][name] for name in HEVC_NAMES}
        for place, entry in results.items()
    }


def report(by_place: dict[str, dict[str, list[float] | None]], pictures: int) -> str:
    rows = []
    for place, by_codec in by_place.items():
        known = [lead[0] for lead in by_codec.values() if lead]
        least = f"{min(known):+.2f}" if known else "-"
        cells = [roi.counted(lead, "+.2f", pictures) for lead in by_codec.values()]
        rows.append([f"{place} bpp", least, *cells])
    head = "**ablc's lead inside the region, dB, at equal bytes and equal SSIM of the background**"
    note = f"{pictures} pictures (n: on which the two can be compared)"
    table = markdown(["", "lesser", *(f"over {name}" for name in HEVC_NAMES)], rows)
    return f"{head}, {note}\n\n{table}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_run_arguments(parser, "tuning")
    parser.add_argument(
        "--out", type=Path, default=Path("results/addroi.json"), help="default: %(default)s"
    )
    arguments = parser.parse_args()
    options = dict(arguments.option)
    curves = roi.run(
        arguments.images, roi.WEIGHTS, options, arguments.cache, arguments.jobs, HEVC_NAMES
    )
    by_place = leads(roi.figures(curves))
    print(report(by_place, len(curves)))
    write_json(arguments.out, by_place)


if __name__ == "__main__":
    main()
