"""The pages of the service and the comparison behind the first, without a browser and in one."""

import base64
import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, features

import ablc
import browser
from ablc.arrays import Pixels
from serving import Service, serving

DONE = "document.getElementById('status').textContent.endsWith('bytes')"


def packed(pixels: Pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def form(**parts: bytes) -> tuple[bytes, str]:
    """A body with these parts, and its content type."""
    head = '--xyz\r\nContent-Disposition: form-data; name="{0}"; filename="{0}"\r\n\r\n'
    body = b"".join(head.format(name).encode() + data + b"\r\n" for name, data in parts.items())
    return body + b"--xyz--\r\n", "multipart/form-data; boundary=xyz"


def shown(text: str) -> Pixels:
    """The pixels of a picture file in base64."""
    return np.array(Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB"))


@pytest.fixture(scope="module")
def white(photo: Pixels) -> Pixels:
    mask = np.zeros(photo.shape[:2], np.uint8)
    mask[40:90, 50:120] = 255
    return mask


@pytest.fixture(scope="module")
def answer(service: Service, png: bytes, white: Pixels) -> Any:
    """The comparison of a picture with a region, as the page gets it."""
    answered = service.post("/compare?bpp=0.6", *form(picture=png, roi=packed(white)))
    assert answered.status == 200, answered.body
    return answered.json


@pytest.mark.parametrize(
    ("path", "files"),
    [
        ("/", ["/page.css", "/page.js", "/paint.js", "/result.js"]),
        ("/docs", ["/page.css", "/docs.css", "/docs.js"]),
    ],
)
def test_the_page_allows_nothing_from_elsewhere(
    service: Service, path: str, files: list[str]
) -> None:
    page = service.get(path)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"].startswith("default-src 'none'; ")
    assert "unsafe" not in page.headers["content-security-policy"]
    assert b"http:" not in page.body
    assert b"https:" not in page.body
    kinds = {file: service.get(file).headers["content-type"].partition(";")[0] for file in files}
    assert set(kinds.values()) == {"text/css", "text/javascript"}


def test_the_stream_is_the_one_that_encode_gives(answer: Any, photo: Pixels, white: Pixels) -> None:
    stream = base64.b64decode(answer["stream"])
    assert stream == ablc.encode(photo, bpp=0.6, importance=ablc.Roi(white))
    assert answer["bytes"] == len(stream)
    assert (shown(answer["picture"]) == ablc.decode(stream, fill="classical")).all()


def test_peers_take_no_more_bytes_than_the_stream(answer: Any, photo: Pixels) -> None:
    names = [peer["name"] for peer in answer["peers"]]
    assert names == ["JPEG", "AVIF"] if features.check("avif") else ["JPEG"]
    for peer in answer["peers"]:
        file = base64.b64decode(peer["file"])
        assert len(file) == peer["bytes"] <= answer["bytes"]
        assert peer["fits"]
        decoded = ablc.compare(photo, shown(peer["file"]))
        assert peer["psnr"]["whole"] == pytest.approx(decoded.psnr)


def test_a_peer_that_gets_no_smaller_says_so(service: Service, png: bytes) -> None:
    compared = service.post("/compare?bpp=0.06", png, "image/png").json
    jpeg = compared["peers"][0]
    assert jpeg["bytes"] > compared["bytes"]
    assert (jpeg["fits"], jpeg["quality"]) == (False, 1)


def test_the_region_is_better_than_the_rest(answer: Any) -> None:
    assert answer["psnr"]["inside"] > answer["psnr"]["whole"] > answer["psnr"]["outside"]


def test_without_a_region_there_is_one_figure(service: Service, png: bytes) -> None:
    compared = service.post("/compare?lossless=true", png, "image/png").json
    assert compared["psnr"] == {"whole": None}


def test_the_maps_have_the_shape_of_the_picture(answer: Any, photo: Pixels) -> None:
    height, width, _ = photo.shape
    for name in ("kept", "bits"):
        drawn = shown(answer[name]["picture"])
        assert drawn.shape[0] * width == drawn.shape[1] * height
        assert answer[name]["about"]
    places = [position for position, _ in answer["bits"]["ticks"]]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("target", "status"),
    [("/compare?bpp=0", 422), ("/compare?effort=9", 422), ("/compare?bpp=1&quality=3", 422)],
)
def test_what_encode_refuses_is_refused(
    service: Service, png: bytes, target: str, status: int
) -> None:
    assert service.post(target, png, "image/png").status == status


def test_other_bodies_are_refused(service: Service, png: bytes, stream: bytes) -> None:
    assert service.post("/compare", png, "text/plain").status == 415
    assert service.post("/compare", stream, "image/png").status == 415
    assert service.post("/compare", bytes(2 << 20), "image/png").status == 413
    assert (
        service.post("/compare", packed(np.zeros((900, 1200), np.uint8)), "image/png").status == 413
    )
    wrong = form(picture=png, roi=packed(np.full((9, 9), 255, np.uint8)))
    assert service.post("/compare", *wrong).status == 422


def test_the_page_asks_for_the_token_itself(png: bytes) -> None:
    with serving(workers=1, token="sesame") as closed:
        page = closed.get("/")
        assert page.status == 200
        assert b'<label >token <input type="password"' in page.body
        assert closed.get("/page.js").status == 200
        assert b'<form id="access" >' in closed.get("/docs").body
        assert closed.post("/compare", png, "image/png").status == 401


class Visitor(browser.Browser):
    """A browser at the page of a service."""

    def __init__(self, program: str, profile: Path, address: str) -> None:
        super().__init__(program, profile, profile)
        self._page = address

    @property
    def foreign(self) -> list[str]:
        """Addresses requested outside the service."""
        return [address for address in self.requests if not address.startswith("blob:")]

    def until(self, condition: str) -> None:
        """Wait until an expression of JavaScript is true."""
        self.value(
            f"new Promise(done => {{ const look = () => ({condition}) ? done() "
            ": setTimeout(look, 30); look(); })"
        )

    def text(self, selector: str) -> str:
        text: str = self.value(f"document.querySelector({selector!r}).textContent")
        return text

    def choose_file(self, path: Path) -> None:
        chosen = self._send("Runtime.evaluate", expression="document.getElementById('file')")
        identity = chosen["result"]["objectId"]
        self._send("DOM.setFileInputFiles", files=[str(path)], objectId=identity)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Drag the mouse over the picture; the ends are shares of its width and height."""
        self.value("document.getElementById('over').scrollIntoView({block: 'center'})")
        x, y, w, h = self.value(
            "(r => [r.x, r.y, r.width, r.height])"
            "(document.getElementById('over').getBoundingClientRect())"
        )
        for kind, (across, down) in (
            ("mousePressed", start),
            ("mouseMoved", end),
            ("mouseReleased", end),
        ):
            at = {"x": x + across * w, "y": y + down * h, "button": "left", "buttons": 1}
            self._send("Input.dispatchMouseEvent", type=kind, clickCount=1, **at)

    def download(self, link: str, path: Path) -> bytes:
        """Return the file that a link downloads."""
        self._send("Page.setDownloadBehavior", behavior="allow", downloadPath=str(path.parent))
        self.value(f"document.getElementById({link!r}).click()")
        for _ in range(600):
            if path.is_file():
                return path.read_bytes()
            time.sleep(0.05)
        raise AssertionError(f"{path.name} was not downloaded")

    def type(self, key: str) -> None:
        """Press a key that writes a character."""
        self._send("Input.dispatchKeyEvent", type="keyDown", key=key, text=key)
        self._send("Input.dispatchKeyEvent", type="keyUp", key=key)

    def painted(self) -> float:
        """Return the share of the picture under the region's tint."""
        share: float = self.value(
            "(c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data"
            ".filter((v, i) => i % 4 == 3 && v > 0).length / (c.width * c.height))"
            "(document.getElementById('over'))"
        )
        return share


@pytest.fixture(scope="module")
def visitor(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    program = browser.find()
    if program is None:
        pytest.skip("no Chromium is installed")
    profile = tmp_path_factory.mktemp("profile")
    with Visitor(program, profile, f"http://127.0.0.1:{service.port}/") as opened:
        yield opened
        assert opened.errors == []
        assert opened.foreign == []


def test_a_picture_is_painted_on_coded_and_compared(
    visitor: Visitor, png: bytes, tmp_path: Path
) -> None:
    (tmp_path / "garden.png").write_bytes(png)
    visitor.show(1280, 900)
    visitor.choose_file(tmp_path / "garden.png")
    visitor.until(DONE)
    assert visitor.text("#note") == "garden.png: 220 × 150 pixels."  # noqa: RUF001
    visitor.value("document.getElementById('status').textContent = ''")
    visitor.drag((0.3, 0.4), (0.6, 0.4))
    assert visitor.painted() > 0.01
    visitor.until(DONE)
    rows = visitor.value("[...document.querySelectorAll('#sizes tr')].map(r => r.innerText)")
    assert rows[0].startswith("ablc")
    assert rows[1].startswith("JPEG")
    inside, outside = rows[0].split()[-2:]
    assert float(inside) > float(outside)
    stream = visitor.download("download-stream", tmp_path / "garden.ablc")
    decoded = visitor.download("download-picture", tmp_path / "down" / "garden.png")
    assert f"{len(stream):,} bytes" == visitor.text("#status")
    assert (np.array(Image.open(io.BytesIO(decoded))) == ablc.decode(stream)).all()


def test_the_border_moves_by_keys(visitor: Visitor) -> None:
    visitor.value("document.getElementById('border').focus()")
    for _ in range(3):
        visitor.press("ArrowRight")
    place = visitor.value("document.querySelector('.stage').style.getPropertyValue('--split')")
    assert place == "53%"


def test_a_box_is_made_moved_and_resized_by_keys(visitor: Visitor) -> None:
    visitor.show(1280, 900)
    visitor.value("document.getElementById('sample').click()")
    visitor.until("!document.getElementById('encode').disabled")
    visitor.value("document.getElementById('paint').focus()")
    assert visitor.painted() == 0
    visitor.press("ArrowLeft")
    small = visitor.painted()
    assert small > 0.02
    visitor.type("+")
    assert visitor.painted() > small
    visitor.until(DONE)
    assert "white" in visitor.text("#mask figcaption")


def test_the_mouse_draws_a_box_and_erases(visitor: Visitor) -> None:
    visitor.value("document.getElementById('clear').click()")
    visitor.value("document.querySelector('[name=tool][value=box]').click()")
    visitor.drag((0.25, 0.25), (0.75, 0.75))
    box = visitor.painted()
    assert 0.25 < box < 0.3  # with the line around it
    visitor.value("document.querySelector('[name=tool][value=erase]').click()")
    visitor.drag((0.1, 0.5), (0.9, 0.5))
    assert 0.1 < visitor.painted() < 0.25


def test_the_rate_is_slid_by_keys(visitor: Visitor) -> None:
    visitor.value("document.querySelector('[name=goal][value=quality]').click()")
    assert visitor.text("#rate-value") == "46"
    visitor.until(DONE)
    before = visitor.text("#status")
    visitor.value("document.getElementById('rate').focus()")
    for _ in range(3):
        visitor.press("ArrowRight")
    assert visitor.text("#rate-value") == "49"
    visitor.until(f"{DONE} && document.getElementById('status').textContent != {before!r}")


def test_a_large_picture_is_reduced_and_says_so(visitor: Visitor, tmp_path: Path) -> None:
    (tmp_path / "wide.png").write_bytes(packed(np.zeros((1000, 2000, 3), np.uint8)))
    visitor.show(1280, 900)
    visitor.choose_file(tmp_path / "wide.png")
    visitor.until("document.getElementById('note').textContent.includes('reduced')")
    width, height = visitor.value("(c => [c.width, c.height])(document.getElementById('base'))")
    assert 990_000 < width * height <= 1_000_000


def test_a_phone_needs_no_sideways_scrolling(visitor: Visitor) -> None:
    visitor.show(375, 800, dark=True)
    visitor.value("document.getElementById('sample').click()")
    visitor.until(DONE)
    assert visitor.value("document.documentElement.scrollWidth") == 375


def test_the_description_is_a_page(visitor: Visitor, service: Service) -> None:
    visitor.show(1280, 900, path="docs")
    visitor.until("document.querySelectorAll('#endpoints section').length > 0")
    described = service.get("/openapi.json").json
    heads = visitor.value("[...document.querySelectorAll('#endpoints h2')].map(h => h.innerText)")
    assert [head.split()[-1] for head in heads] == list(described["paths"])
    links = visitor.value(
        "[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.getAttribute('href'))"
    )
    names = {f"#schema-{name}" for name in described["components"]["schemas"]}
    assert names - {"#schema-Problem"} <= set(links)
    assert visitor.value(
        "[...document.querySelectorAll('a[href^=\"#\"]')]"
        ".every(a => document.getElementById(a.getAttribute('href').slice(1)))"
    )
