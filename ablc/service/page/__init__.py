"""The page at `/`: a picture, a region painted on it, and what the codec makes of both."""

from importlib import resources
from string import Template

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ablc.service.comparison import PIXELS_MOST
from ablc.service.settings import ServiceSettings

SLIDER = "ablc.drawing"  # the package whose slider it is
FILES = {  # path -> folder and name of the file, its media type
    "/": (__name__, "page.html", "text/html"),
    "/page.css": (__name__, "page.css", "text/css"),
    "/page.js": (__name__, "page.js", "text/javascript"),
    "/paint.js": (__name__, "paint.js", "text/javascript"),
    "/result.js": (__name__, "result.js", "text/javascript"),
    "/slider.css": (SLIDER, "slider.css", "text/css"),
    "/slider.js": (SLIDER, "slider.js", "text/javascript"),
}
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


def routes(settings: ServiceSettings) -> list[Route]:
    """The page and what belongs to it, all of it read once."""
    return [_route(path, settings) for path in FILES]


def _route(path: str, settings: ServiceSettings) -> Route:
    folder, name, kind = FILES[path]
    text = resources.files(folder).joinpath(name).read_text("utf-8")
    if kind == "text/html":
        pixels = min(settings.max_pixels, PIXELS_MOST)
        text = Template(text).substitute(pixels=pixels, token="" if settings.token else "hidden")

    async def file(_: Request) -> Response:
        return Response(text, headers=HEADERS, media_type=kind)

    return Route(path, file)
