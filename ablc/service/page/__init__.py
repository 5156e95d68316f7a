"""The pages of the service: `/` to try the codec on a picture, `/docs` to read about the API.

`/docs` shows /openapi.json. Swagger UI is not used: it is loaded from another host, or comes in
packages that are outdated or depend on a web framework.
"""

from importlib import resources
from string import Template

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ablc.painters import installed_painters
from ablc.service.comparison import PIXELS_MOST
from ablc.service.settings import ServiceSettings

SLIDER = "ablc.drawing"  # the package that has the slider
FILES = {  # path -> package and name of the file, its media type
    "/": (__name__, "page.html", "text/html"),
    "/page.css": (__name__, "page.css", "text/css"),
    "/page.js": (__name__, "page.js", "text/javascript"),
    "/paint.js": (__name__, "paint.js", "text/javascript"),
    "/result.js": (__name__, "result.js", "text/javascript"),
    "/slider.css": (SLIDER, "slider.css", "text/css"),
    "/slider.js": (SLIDER, "slider.js", "text/javascript"),
    "/docs": (__name__, "docs.html", "text/html"),
    "/docs.css": (__name__, "docs.css", "text/css"),
    "/docs.js": (__name__, "docs.js", "text/javascript"),
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
    """Return the routes of the pages and their files, which are all read once."""
    return [_route(path, settings) for path in FILES]


def _route(path: str, settings: ServiceSettings) -> Route:
    package, name, kind = FILES[path]
    text = resources.files(package).joinpath(name).read_text("utf-8")
    if kind == "text/html":
        pixels = min(settings.max_pixels, PIXELS_MOST)
        painters = installed_painters() if settings.networks else []
        text = Template(text).substitute(
            pixels=pixels,
            token="" if settings.token else "hidden",
            painting="" if painters else "hidden",
            painters="".join(f"<option>{name}</option>" for name in painters),
        )

    async def file(_: Request) -> Response:
        return Response(text, headers=HEADERS, media_type=kind)

    return Route(path, file)
