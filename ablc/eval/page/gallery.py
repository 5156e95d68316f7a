"""The section of pictures: two versions of each behind a slider, at equal bytes."""

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from ablc.eval.page import images, numbers
from ablc.eval.page.markup import Markup, element, escape, fill, join, table
from ablc.eval.page.results import Row

ORIGINAL = "original"
FIRST_TWO = ("JPEG", "ablc")  # left and right of a slider at first, where they are there
MEASURES = ("bytes", "ssim", "psnr", "inside", "outside", "lpips")
HEAD = ("bytes", "SSIM", "PSNR, dB", "inside, dB", "outside, dB", "LPIPS")


def means(found: Sequence[Row]) -> dict[str, Row]:
    """Means of MEASURES over the pictures that a codec coded, by codec; "count": how many."""
    rows: dict[str, list[Row]] = {}
    for picture in found:
        for version in picture["versions"]:
            if version["codec"] != ORIGINAL:
                rows.setdefault(version["codec"], []).append(version)
    return {
        name: {key: _mean([row[key] for row in each]) for key in MEASURES} | {"count": len(each)}
        for name, each in rows.items()
    }


def section(found: Row, folder: Path) -> Markup:
    """The section's HTML."""
    shown = [picture for picture in found["pictures"] if picture["versions"][0]["file"]]
    hidden = [picture for picture in found["pictures"] if not picture["versions"][0]["file"]]
    return fill(
        "gallery.html",
        goal=found["goal"],
        shown_as=found["shown_as"],
        means=_means(found["pictures"]),
        pictures=join(_picture(picture, folder, i) for i, picture in enumerate(shown)),
        others=_others(hidden),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    """None if one of the values is missing."""
    known = [value for value in values if value is not None]
    return fmean(known) if known and len(known) == len(values) else None


def _means(found: Sequence[Row]) -> Markup:
    rows = [[name, *_figures(row), str(row["count"])] for name, row in means(found).items()]
    caption = "Means over the pictures; inside and outside: PSNR of the region, and of the rest"
    return table(caption, ["", *HEAD, "pictures"], rows)


def _figures(row: Row) -> list[str]:
    """MEASURES of a codec."""
    decibels = [numbers.fixed(row[key], 2) for key in ("psnr", "inside", "outside")]
    first = [numbers.whole(row["bytes"]), numbers.fixed(row["ssim"], 4)]
    return [*first, *decibels, numbers.fixed(row["lpips"], 3)]


def _picture(picture: Row, folder: Path, place: int) -> Markup:
    """A picture's slider, figures and maps."""
    name = picture["name"]
    about = [f"{picture['width']}x{picture['height']} pixels", *picture["notes"]]
    if picture["window"]:
        x, y, width, height = picture["window"]
        about.append(f"shown: {width}x{height} pixels from {x}, {y} on")
    return element(
        "article",
        element("h3", name, element("small", ", ".join(about))),
        element("div", _slider(picture, folder, place), _versions(picture), class_="coded"),
        _region(picture["region"]),
        element("div", *(_map(each, folder, name) for each in picture["maps"]), class_="pictures"),
        class_="picture",
    )


def _slider(picture: Row, folder: Path, place: int) -> Markup:
    """The versions on top of each other; slider.js shows two of them."""
    versions = [version for version in picture["versions"] if version["file"]]
    names = [version["codec"] for version in versions]
    _, _, width, height = picture["window"] or (0, 0, picture["width"], picture["height"])
    left, right = (
        wanted if wanted in names else names[min(i, len(names) - 1)]
        for i, wanted in enumerate(FIRST_TWO)
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


def _versions(picture: Row) -> Markup:
    rows = []
    for row in picture["versions"]:
        if row["codec"] == ORIGINAL:
            continue
        name = join([escape(row["codec"]), element("small", row["note"])])
        rows.append([name, *_figures(row)])
    return table(f"{picture['name']}: bytes and fidelity", ["", *HEAD], rows)


def _region(region: Row) -> Markup:
    """What inside and outside mean."""
    if region["missing"]:
        return element("p", f"No region: {region['missing']}", class_="hint")
    text = f"Region: {region['where']}"
    if region["share"] is not None:
        text += f", {region['share']:.0%} of the picture"
    return element("p", text, class_="hint")


def _map(drawing: Row, folder: Path, name: str) -> Markup:
    """A map of where bits went, with the colours' meaning."""
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
    """Whether text is #rrggbb."""
    return len(text) == 7 and text[0] == "#" and all(c in "0123456789abcdef" for c in text[1:])


def _others(found: Sequence[Row]) -> Markup:
    """The pictures that are measured and not shown."""
    if not found:
        return Markup("")
    names = list(means(found))
    by_name = [{version["codec"]: version for version in each["versions"]} for each in found]
    rows = [
        [
            picture["name"],
            *(
                numbers.fixed(versions[name]["ssim"], 4) if name in versions else numbers.NONE
                for name in names
            ),
        ]
        for picture, versions in zip(found, by_name, strict=True)
    ]
    return element(
        "details",
        element("summary", f"{numbers.counted(len(found), 'picture')} more, not shown here"),
        table("SSIM of each codec", ["picture", *names], rows),
    )
