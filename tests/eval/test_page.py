"""The report's page: what it shows of a results folder, and what it does in a browser."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

import browser
import made_results
from ablc.errors import ResultsError
from ablc.eval import page

HOSTILE = "</script><img src=x onerror=alert(1)>\"'&$slot"


class Elements(HTMLParser):
    """Names, ids, texts and sources of a page's elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.scripts = 0
        self.sources: list[str] = []
        self.handlers: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.ids.add(attributes.get("id") or "")
        self.scripts += tag == "script"
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]
        self.handlers += [name for name in attributes if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def written(out: Path) -> Elements:
    return Elements(page.write(out).read_text())


def test_a_full_folder_gives_one_page_with_all_sections(tmp_path: Path) -> None:
    shown = written(made_results.make(tmp_path))
    assert {"table1", "figures", "rd", "gallery", "about"} <= shown.ids
    assert (tmp_path / "index.html").is_file()


@pytest.mark.parametrize("kind", made_results.KINDS)
def test_one_part_is_enough_and_the_others_are_named_with_their_command(
    tmp_path: Path, kind: str
) -> None:
    shown = written(made_results.make(tmp_path, (kind,)))
    assert shown.ids & set(made_results.KINDS) == {kind}
    assert sum("not measured here" in text for text in shown.texts) == 3


def test_the_page_refers_to_nothing_outside_itself(tmp_path: Path) -> None:
    shown = written(made_results.make(tmp_path))
    assert shown.sources
    assert all(source.startswith(("data:", "#")) for source in shown.sources)
    text = (tmp_path / "index.html").read_text()
    assert not re.search(r"url\(|@import", text)


def test_headline_figures_are_computed_from_the_data(tmp_path: Path) -> None:
    made_results.make(tmp_path)
    texts = written(tmp_path).texts
    assert "1 of 1" in texts  # systems at or above the paper's SSIM
    assert "+0.161" in texts  # of ablc over JPEG 1 %
    assert "\N{MINUS SIGN}47 %" in texts  # bits
    table = made_results.read(tmp_path, "table1")
    table["rows"][2]["ssim"] = 0.3
    made_results.write(tmp_path, "table1", table)
    assert "0 of 1" in written(tmp_path).texts


def test_a_row_that_failed_and_a_codec_that_is_missing_say_why(tmp_path: Path) -> None:
    texts = " ".join(written(made_results.make(tmp_path)).texts)
    assert "harbour: no such network" in texts
    assert "pip install imagecodecs" in texts


def test_hostile_names_are_shown_and_do_nothing(tmp_path: Path) -> None:
    plain = written(made_results.make(tmp_path / "plain"))
    made_results.make(tmp_path / "hostile", name=HOSTILE)
    for kind in made_results.KINDS:
        content = made_results.read(tmp_path / "hostile", kind)
        content["broken"] = [{"name": HOSTILE, "reason": HOSTILE}]
        made_results.write(tmp_path / "hostile", kind, content)
    shown = written(tmp_path / "hostile")
    assert shown.scripts == plain.scripts
    assert not shown.handlers
    assert HOSTILE in shown.texts


def test_a_name_with_half_a_surrogate_is_written(tmp_path: Path) -> None:
    made_results.make(tmp_path, name="caf\udce9")
    assert any("caf?" in text for text in written(tmp_path).texts)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[1]", "expected an object"),
        ('{"kind": "rd"}', "expected an object"),
        ('{"kind": "table1"}', "lacks ablc"),
    ],
)
def test_what_is_no_result_is_refused_by_name(tmp_path: Path, content: str, complaint: str) -> None:
    (tmp_path / "table1.json").write_text(content)
    with pytest.raises(ResultsError, match=complaint) as error:
        page.write(tmp_path)
    assert "table1.json" in str(error.value)


@pytest.mark.parametrize("value", ["0.5", True, [0.5], float("nan")])
def test_a_wrong_value_is_refused_with_its_place(tmp_path: Path, value: object) -> None:
    content = made_results.read(made_results.make(tmp_path, ("table1",)), "table1")
    content["rows"][2]["ssim"] = value
    made_results.write(tmp_path, "table1", content)
    with pytest.raises(ResultsError, match=r"table1\.json.*(rows\[2\]\.ssim|NaN)"):
        page.write(tmp_path)


@pytest.mark.parametrize("name", ["../secret.png", "/etc/hostname", "figures/none.png", "a\0b"])
def test_pictures_from_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    out = made_results.make(tmp_path / "out", ("figures",))
    (out / "figures/one.png").rename(tmp_path / "secret.png")
    content = made_results.read(out, "figures")
    content["figures"][0]["images"][0]["file"] = name
    made_results.write(out, "figures", content)
    with pytest.raises(ResultsError):
        page.write(out)


def test_a_picture_that_is_none_is_refused_by_name(tmp_path: Path) -> None:
    made_results.make(tmp_path, ("figures",))
    (tmp_path / "figures/one.png").write_bytes(b"no picture")
    with pytest.raises(ResultsError, match=r"figures/one\.png"):
        page.write(tmp_path)


def test_a_page_of_somebody_else_is_not_replaced(tmp_path: Path) -> None:
    made_results.make(tmp_path, ("table1",))
    (tmp_path / "index.html").write_text("<!doctype html><title>My pictures</title>")
    with pytest.raises(FileExistsError, match="not a page of ablc") as error:
        page.write(tmp_path)
    assert error.value.filename == str(tmp_path / "index.html")
    assert "My pictures" in (tmp_path / "index.html").read_text()
    (tmp_path / "index.html").write_text("")
    assert page.write(tmp_path) == page.write(tmp_path)  # its own is


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="no results"):
        page.write(tmp_path)


def test_plots_lie_beside_the_page_as_csv(tmp_path: Path) -> None:
    page.write(made_results.make(tmp_path))
    lines = (tmp_path / "plots/rd-ssim.csv").read_text().splitlines()
    assert lines[0] == "line,bits per pixel,SSIM,source"
    assert "ablc,0.1,0.6," in lines
    assert "VTM,0.2,0.7,their page" in lines


def test_plots_lie_beside_the_page_as_png(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib draws the PNG files")
    page.write(made_results.make(tmp_path))
    for name in ("table1", "rd-ssim", "figures-1-1"):
        assert (tmp_path / f"plots/{name}.png").read_bytes().startswith(b"\x89PNG")


# ---- in a browser ------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Browser]:
    """Yield a browser on the page of a full folder with hostile names."""
    program = browser.find()
    if program is None:
        pytest.skip("no Chromium is installed")
    out = made_results.make(tmp_path_factory.mktemp("results"), name=HOSTILE)
    profile = tmp_path_factory.mktemp("profile")
    with browser.Browser(program, profile, page.write(out)) as opened:
        yield opened


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (360, True)])
def test_the_page_opens_without_errors_or_requests(
    opened: browser.Browser, width: int, dark: bool
) -> None:
    opened.show(width, 800, dark=dark)
    assert opened.value("document.querySelectorAll('.drawing svg').length") == 2
    assert opened.value("document.documentElement.scrollWidth") <= width
    assert opened.errors == []
    assert opened.requests == []


def test_arrow_keys_move_the_slider(opened: browser.Browser) -> None:
    opened.show(1280, 800)
    split = "document.querySelector('.stage').style.getPropertyValue('--split')"
    assert opened.value(split) == "50%"
    opened.value("document.querySelector('.stage input').focus()")
    opened.press("ArrowRight")
    opened.press("ArrowRight")
    assert opened.value(split) == "52%"
    text = "document.querySelector('.stage input').getAttribute('aria-valuetext')"
    assert opened.value(text) == "52 % JPEG, 48 % ablc"


def test_any_two_versions_can_be_chosen(opened: browser.Browser) -> None:
    opened.show(1280, 800)
    shown = "[...document.querySelectorAll('.stage img:not([hidden])')].map(i => i.dataset.version)"
    assert opened.value(shown) == ["1", "2"]
    opened.value("document.querySelector('.choose-left').focus()")
    opened.press("ArrowUp")
    opened.press("ArrowUp")
    assert opened.value("document.querySelector('.choose-left').value") == "0"
    assert opened.value(shown) == ["0", "1"]


def test_a_codec_can_be_hidden_and_shown_by_key(opened: browser.Browser) -> None:
    opened.show(1280, 800)
    lines = "document.querySelectorAll('#rd-plots .line').length"
    assert opened.value(lines) == 3  # ablc, JPEG, one published
    opened.value("document.querySelector('#legend-measured input').focus()")
    opened.press(" ")
    assert opened.value(lines) == 2
    opened.press(" ")
    assert opened.value(lines) == 3


def test_marks_of_a_plot_are_read_by_key(opened: browser.Browser) -> None:
    opened.show(1280, 800)
    opened.value("document.querySelector('#rd-plots svg').focus()")
    opened.press("ArrowRight")
    readout = "document.querySelector('#rd-plots output').textContent"
    assert opened.value(readout) == "ablc: SSIM 0.6 at bits per pixel 0.1"
    opened.press("ArrowRight")
    assert opened.value(readout) == "ablc: SSIM 0.6 at bits per pixel 0.2"


def test_the_switch_overrules_the_system_s_theme(opened: browser.Browser) -> None:
    opened.show(1280, 800, dark=True)
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = opened.value(paper)
    opened.value("theme.value = 'light'; theme.dispatchEvent(new Event('change', {bubbles: true}))")
    assert opened.value(paper) == "rgb(255, 255, 255)" != dark
