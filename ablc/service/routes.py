"""Endpoints that convert pictures."""

from collections.abc import Callable, Coroutine
from functools import partial, wraps
from typing import Annotated, Any

import PIL
from fastapi import FastAPI, Query, Request
from fastapi.routing import APIRoute
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

import ablc
from ablc.service import jobs, media, openapi, problems, schemas
from ablc.service.accounting import account_of
from ablc.service.conversion import Converter, Finish, Upload
from ablc.service.jobs import Payload
from ablc.service.media import MediaType
from ablc.service.network_batches import Painting
from ablc.service.problems import ClientGoneError, ProblemError
from ablc.service.queries import (
    DecodeQuery,
    EncodeQuery,
    InspectQuery,
    StrictQuery,
    TranscodeQuery,
    check_query,
)
from ablc.service.responses import SlicedResponse, header_text, matches_tag
from ablc.service.settings import ServiceSettings
from ablc.service.uploads import header_elements, read_body
from ablc.service.workers import while_connected

STREAMS = (media.STREAM, media.OCTETS)
PICTURES = (*media.READABLE, media.OCTETS, media.FORM)
STREAMS_AND_PICTURES = (media.STREAM, *PICTURES)
INSPECTIONS = (media.JSON, media.PNG)

REMEMBERED_MOST = 256  # queries of an endpoint

Endpoint = Callable[[Request, Any], Coroutine[Any, Any, Response]]
Work = Callable[[bytes], Coroutine[None, None, Payload]]


def add_routes(app: FastAPI, converter: Converter) -> None:
    """Add the conversions to an app."""
    conversions = Conversions(converter)
    pictures = conversions.pictures
    both = (*pictures, media.ABLC)
    for endpoint, accepted, offered, json_model in (
        (conversions.decode, STREAMS, pictures, None),
        (conversions.encode, PICTURES, (media.ABLC,), None),
        (conversions.transcode, STREAMS_AND_PICTURES, both, None),
        (conversions.compare, PICTURES, (media.JSON,), schemas.PeerComparison),
        (conversions.inspect, STREAMS, INSPECTIONS, schemas.Inspection),
    ):
        app.router.add_api_route(
            f"/{endpoint.__name__}",
            endpoint,
            methods=["POST"],
            operation_id=endpoint.__name__,
            route_class_override=ConversionRoute,
            response_class=JSONResponse if json_model else Response,
            response_model=json_model,
            responses=openapi.responses(offered),
            openapi_extra=openapi.request_body(accepted),
        )


class ConversionRoute(APIRoute):
    """A route that remembers the queries that FastAPI has checked.

    FastAPI takes 0.15 ms for a request, 2 % of the time to decode a photograph. Clients repeat
    their queries: from the second time on, the endpoint is called at once.
    """

    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:
        self._convert = endpoint
        self._checked: dict[bytes, StrictQuery] = {}  # query string -> its parameters

        @wraps(endpoint)
        async def remember(request: Request, query: StrictQuery) -> Response:
            if len(self._checked) == REMEMBERED_MOST:
                self._checked.clear()
            self._checked[request.scope["query_string"]] = query
            return await endpoint(request, query)

        super().__init__(path, remember, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler, with a check of the query as a whole before it."""
        handle = super().get_route_handler()

        async def check_and_handle(request: Request) -> Response:
            check_query(request)
            return await handle(request)

        return check_and_handle

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = self._checked.get(scope["query_string"])
        if query is None or scope["method"] != "POST":
            await super().handle(scope, receive, send)
            return
        response = await self._convert(Request(scope, receive, send), query)
        await response(scope, receive, send)


class Conversions:
    """The endpoints; the first paragraph of each docstring is its description."""

    def __init__(self, converter: Converter) -> None:
        self._converter = converter
        self.pictures = media.writable_pictures()

    async def decode(self, request: Request, query: Annotated[DecodeQuery, Query()]) -> Response:
        """Decode a stream to a picture of the type that `Accept` or `format` names."""
        kind = media.check(_content_type(request), STREAMS)
        accepted = media.choose(_accept(request), query.format, self.pictures)
        return await self._convert(request, query, kind, accepted, is_stream=True)

    async def encode(self, request: Request, query: Annotated[EncodeQuery, Query()]) -> Response:
        """Encode a picture as a stream.

        The part `roi` of a form is a picture that is white in the region of interest.
        """
        kind = media.check(_content_type(request), PICTURES)
        accepted = media.choose(_accept(request), None, (media.ABLC,))
        return await self._convert(request, query, kind, accepted, is_stream=False)

    async def transcode(
        self, request: Request, query: Annotated[TranscodeQuery, Query()]
    ) -> Response:
        """Convert a stream or a picture to either.

        If neither `Accept` nor `format` names a type, a picture becomes a stream, and a stream or
        octets become PNG.
        """
        kind = media.check(_content_type(request), STREAMS_AND_PICTURES)
        picture_first = kind in STREAMS
        offered = (*self.pictures, media.ABLC) if picture_first else (media.ABLC, *self.pictures)
        accepted = media.choose(_accept(request), query.format, offered)
        return await self._convert(request, query, kind, accepted, is_stream=None)

    async def compare(self, request: Request, query: Annotated[EncodeQuery, Query()]) -> Response:
        """Encode a picture as `/encode` does, and compare it with other codecs.

        The response has the stream, its picture, maps of its bits, and JPEG and AVIF files of at
        most its bytes. The page at `/` uses this.
        """
        kind = media.check(_content_type(request), PICTURES)
        accepted = media.choose(_accept(request), None, (media.JSON,))
        return await self._convert(request, query, kind, accepted, is_stream=False)

    async def inspect(self, request: Request, query: Annotated[InspectQuery, Query()]) -> Response:
        """Describe a stream to the last byte, as JSON, or draw where its bits went, as PNG."""
        kind = media.check(_content_type(request), STREAMS)
        accepted = media.choose(_accept(request), None, INSPECTIONS)

        async def work(data: bytes) -> Payload:
            job = partial(jobs.inspect, data, accepted[0], self._converter.settings.max_pixels)
            return await self._converter.workers.run(job)

        self._converter.workers.check_room()
        return await _respond(request, query, kind, accepted, self._converter.settings, work)

    async def _convert(
        self,
        request: Request,
        query: DecodeQuery | EncodeQuery,
        kind: str,
        accepted: tuple[MediaType, ...],
        *,
        is_stream: bool | None,
    ) -> Response:
        """Return the picture in an upload as the first accepted type that can hold it.

        is_stream: whether the upload is a stream or a picture; None if its first bytes decide.
        """
        converter = self._converter
        most_effort = converter.settings.max_effort
        if isinstance(query, EncodeQuery) and query.effort > most_effort:
            raise ProblemError(
                422, f"effort: {query.effort} is more than the {most_effort} allowed here"
            )
        rendition = jobs.Rendition(
            query.region, query.size, query.strip or accepted[0] == media.RAW
        )
        painting = _painting(query, to_stream=accepted[0] == media.ABLC)
        finish = self._finish(query, accepted)

        async def work(data: bytes) -> Payload:
            taken = media.is_stream(kind, data) if is_stream is None else is_stream
            upload = Upload(data, _content_type(request), taken)
            account = account_of(request)
            if isinstance(query, EncodeQuery) and accepted[0] == media.JSON:
                return await converter.compare(upload, rendition, query, account)
            return await converter.convert(upload, rendition, painting, finish, account)

        converter.check_room(painting)
        return await _respond(request, query, kind, accepted, converter.settings, work)

    def _finish(self, query: DecodeQuery | EncodeQuery, accepted: tuple[MediaType, ...]) -> Finish:
        """Return the job that turns a loaded picture into the first accepted type it can."""
        if isinstance(query, EncodeQuery) and accepted[0] == media.ABLC:
            return partial(jobs.encode, query=query)
        return partial(jobs.write, accepted=media.pictures_of(accepted), quality=query.quality)


def _painting(query: DecodeQuery | EncodeQuery, *, to_stream: bool) -> Painting:
    """Return how a request wants a stream painted before it becomes a picture or a stream."""
    if not isinstance(query, DecodeQuery):
        return Painting("classical")
    chosen = query.model is not None or query.strength is not None
    fill = query.fill or ("classical" if to_stream and not chosen else "auto")
    return Painting(fill, query.model, query.strength)


async def _respond(
    request: Request,
    query: StrictQuery,
    kind: str,
    accepted: tuple[MediaType, ...],
    settings: ServiceSettings,
    work: Work,
) -> Response:
    """Return the result of work on the upload, or 304 if the client already has it.

    Raises ProblemError if the upload is refused, ClientGoneError if the client disconnects first.
    """
    data = await read_body(request, settings)
    tag = _tag(request, query, kind, accepted, settings)
    headers = {"etag": tag, "cache-control": "no-cache", "vary": "accept, content-type"}
    if matches_tag(tag, header_elements(request, "if-none-match")):
        return Response(None, 304, headers)
    try:
        payload = await while_connected(request.receive, work(data))
    except (ProblemError, ClientGoneError):
        raise
    except Exception as error:
        raise problems.from_error(error) from error
    height, width, channels = payload.shape
    shape = {"x-width": str(width), "x-height": str(height), "x-channels": str(channels)}
    if payload.notes:
        shape["x-notes"] = header_text("; ".join(payload.notes))
    return SlicedResponse(payload.body, payload.type.type, headers | shape)


def _tag(
    request: Request,
    query: StrictQuery,
    kind: str,
    accepted: tuple[MediaType, ...],
    settings: ServiceSettings,
) -> str:
    """Return the entity tag of a response: a hash of the request and of the software."""
    digest = account_of(request).digest
    networks = f"{settings.networks} {settings.provider}"
    software = f"{ablc.__version__} {PIL.__version__} {networks}"
    types = ",".join(media.name for media in accepted)
    parts = (request.scope["path"], query.model_dump_json(), kind, types, software)
    digest.update("\n".join(parts).encode())
    return f'"{digest.hexdigest()}"'


def _accept(request: Request) -> str:
    return ",".join(request.headers.getlist("accept"))


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "")
