"""The section with pictures at equal bytes: two versions of each behind a slider."""

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from ablc.eval.page import images, numbers
from ablc.eval.page.markup import Markup, element, escape, fill, join, table
from ablc.eval.store import JsonObject

ORIGINAL = "original"
FIRST_TWO = ("JPEG", "ablc")  # initially left and right of a slider, if they were measured
MEASURES = ("bytes", "ssim", "psnr", "inside", "outside", "ssimulacra2", "lpips")
HEAD = ("bytes", "SSIM", "PSNR, dB", "inside, dB", "outside, dB", "SSIMULACRA 2", "LPIPS")


def means(pictures: Sequence[JsonObject]) -> dict[str, JsonObject]:
    """Return means of MEASURES by codec, over its pictures; "count" is their number."""
    rows: dict[str, list[JsonObject]] = {}
    for picture in pictures:
        for version in picture["versions"]:
            if version["codec"] != ORIGINAL:
                rows.setdefault(version["codec"], []).append(version)
    return {
        name: {key: _mean([row[key] for row in each]) for key in MEASURES} | {"count": len(each)}
        for name, each in rows.items()
    }


def section(results: JsonObject, folder: Path) -> Markup:
    """Return the section's HTML."""
    pictures = results["pictures"]
    shown = [picture for picture in pictures if picture["versions"][0]["file"]]
    hidden = [picture for picture in pictures if not picture["versions"][0]["file"]]
    return fill(
        "gallery.html",
        goal=results["goal"],
        shown_as=results["shown_as"],
        means=_means(pictures),
        pictures=join(_picture(picture, folder, i) for i, picture in enumerate(shown)),
        others=_others(hidden),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    """Return the mean of values; None if one is missing."""
    known = [value for value in values if value is not None]
    return fmean(known) if known and len(known) == len(values) else None


def _means(pictures: Sequence[JsonObject]) -> Markup:
    rows = [[name, *_figures(row), str(row["count"])] for name, row in means(pictures).items()]
    caption = "Means over the pictures. Inside: PSNR of the region; outside: PSNR of the rest"
    return table(caption, ["", *HEAD, "pictures"], rows)


def _figures(row: JsonObject) -> list[str]:
    """Return MEASURES of a codec as text."""
    decibels = [numbers.fixed(row[key], 2) for key in ("psnr", "inside", "outside")]
    first = [numbers.whole(row["bytes"]), numbers.fixed(row["ssim"], 4)]
    looks = [numbers.fixed(row["ssimulacra2"], 1), numbers.fixed(row["lpips"], 3)]
    return [*first, *decibels, *looks]


def _picture(picture: JsonObject, folder: Path, place: int) -> Markup:
    """Return a picture's slider, figures and maps."""
    name = picture["name"]
    about = [f"{picture['width']}x{picture['height']} pixels", *picture["notes"]]
    if picture["window"]:
        x, y, width, height = picture["window"]
        about.append(f"shown: {width}x{height} pixels at {x}, {y}")
    return element(
        "article",
        element("h3", name, element("small", ", ".join(about))),
        element("div", _slider(picture, folder, place), _versions(picture), class_="coded"),
        _region(picture["region"]),
        element("div", *(_map(each, folder, name) for each in picture["maps"]), class_="pictures"),
        class_="picture",
    )


def _slider(picture: JsonObject, folder: Path, place: int) -> Markup:
    """Return all versions on top of each other; slider.js shows two of them."""
    versions = [version for version in picture["versions"] if version["file"]]
    names = [version["codec"] for version in versions]
    _, _, width, height = picture["window"] or (0, 0, picture["width"], picture["height"])
    left, right = (
        name if name in names else names[min(i, len(names) - 1)] for i, name in enumerate(FIRST_TWO)
    )
    layers = [
        images.element_of(
            folder,
            version["file"],
            f"{picture['name']}, {version['codec']}",
            class_="left" if version["codec"] == left else "right",
            hidden=version["codec"] not in (left, right),
            data_version=str(i),
        )
        for i, version in enumerate(versions)
    ]
    return fill(
        "slider.html",
        place=str(place),
        width=str(width),
        height=str(height),
        layers=join(layers),
        left=_choice(names, left),
        right=_choice(names, right),
        name=picture["name"],
    )


def _choice(names: Sequence[str], chosen: str) -> Markup:
    return join(
        element("option", name, value=str(i), selected=name == chosen)
        for i, name in enumerate(names)
    )


def _versions(picture: JsonObject) -> Markup:
    rows = []
    for row in picture["versions"]:
        if row["codec"] == ORIGINAL:
            continue
        name = join([escape(row["codec"]), element("small", row["note"])])
        rows.append([name, *_figures(row)])
    return table(f"{picture['name']}: bytes and fidelity", ["", *HEAD], rows)


def _region(region: JsonObject) -> Markup:
    """Return a line that names the region, or why there is none."""
    if region["missing"]:
        return element("p", f"No region: {region['missing']}", class_="hint")
    text = f"Region: {region['where']}"
    if region["share"] is not None:
        text += f", {region['share']:.0%} of the picture"
    return element("p", text, class_="hint")


def _map(drawing: JsonObject, folder: Path, name: str) -> Markup:
    """Return a map of a stream, with its colour scale."""
    text = f"{name}: {drawing['title']}, {drawing['detail']}"
    parts: list[str] = [images.element_of(folder, drawing["file"], text)]
    if drawing["colours"]:
        stops = ",".join(colour for colour in drawing["colours"] if _is_colour(colour))
        ticks = [
            element("span", tick["text"], style=f"left:{100 * tick['place']:.1f}%")
            for tick in drawing["ticks"]
        ]
        parts.append(
            element(
                "div",
                element("i", style=f"background:linear-gradient(to right,{stops})"),
                *ticks,
                class_="bar",
            )
        )
    parts.append(
        element("figcaption", element("strong", drawing["title"]), f" {drawing['detail']}")
    )
    return element("figure", *parts)


def _is_colour(text: str) -> bool:
    """True if text is #rrggbb."""
    return len(text) == 7 and text[0] == "#" and all(c in "0123456789abcdef" for c in text[1:])


def _others(pictures: Sequence[JsonObject]) -> Markup:
    """Return a table of the pictures that are measured but not shown."""
    if not pictures:
        return Markup("")
    names = list(means(pictures))
    by_name = [{version["codec"]: version for version in each["versions"]} for each in pictures]
    rows = [
        [
            picture["name"],
            *(
                numbers.fixed(versions[name]["ssim"], 4) if name in versions else numbers.NONE
                for name in names
            ),
        ]
        for picture, versions in zip(pictures, by_name, strict=True)
    ]
    return element(
        "details",
        element("summary", f"{numbers.counted(len(pictures), 'picture')} more, not shown here"),
        table("SSIM of each codec", ["picture", *names], rows),
    )
