"""The endpoints that convert pictures."""

from collections.abc import Callable, Coroutine
from functools import partial

import PIL
from starlette.requests import Request
from starlette.responses import Response

import ablc
from ablc.service import comparison, jobs, media, openapi, problems
from ablc.service.accounting import account_of
from ablc.service.conversion import Converter, Finish, Upload
from ablc.service.jobs import Payload
from ablc.service.media import MediaType
from ablc.service.openapi import Described
from ablc.service.problems import ClientGoneError, ProblemError
from ablc.service.queries import (
    DecodeQuery,
    EncodeQuery,
    InspectQuery,
    Query,
    TranscodeQuery,
    parse,
)
from ablc.service.responses import SlicedResponse, matches_tag
from ablc.service.settings import ServiceSettings
from ablc.service.uploads import header_elements, read_body
from ablc.service.workers import while_connected

STREAMS = (media.STREAM, media.OCTETS)
PICTURES = (*media.READABLE, media.OCTETS, media.FORM)
EITHER = (media.STREAM, *PICTURES)
DRAWINGS = (media.JSON, media.PNG)

DECODE = "Decode a stream to a picture of the kind that Accept or format names."
ENCODE = "Code a picture as a stream; the part roi of a form is white in the region of interest."
TRANSCODE = (
    "Turn a stream or a picture into either. Where neither Accept nor format says what is wanted, "
    "pictures become streams, and streams and octets PNG."
)
COMPARE = (
    "Code a picture as /encode does; answer with the stream, its picture, where its bits went, and "
    "JPEG and AVIF files of at most its size. The page asks for this."
)
INSPECT = "Say what a stream holds, to the last byte, or draw where its bits went."

Endpoint = Callable[[Request], Coroutine[None, None, Response]]
Work = Callable[[bytes], Coroutine[None, None, Payload]]


def conversions(converter: Converter) -> list[Described]:
    """Decode, encode, transcode, compare and inspect."""
    answers = media.writable_pictures()

    async def decode(request: Request) -> Response:
        query = parse(DecodeQuery, _query(request))
        kind = media.check(_content_type(request), STREAMS)
        chosen = media.choose(_accept(request), query.format, answers)
        return await _convert(request, query, kind, chosen, converter, stream=True)

    def coding(offered: MediaType) -> Endpoint:
        """What answers to a picture in one way alone."""

        async def code(request: Request) -> Response:
            query = parse(EncodeQuery, _query(request))
            kind = media.check(_content_type(request), PICTURES)
            chosen = media.choose(_accept(request), None, (offered,))
            return await _convert(request, query, kind, chosen, converter, stream=False)

        return code

    async def transcode(request: Request) -> Response:
        query = parse(TranscodeQuery, _query(request))
        kind = media.check(_content_type(request), EITHER)
        offered = (*answers, media.ABLC) if kind in STREAMS else (media.ABLC, *answers)
        chosen = media.choose(_accept(request), query.format, offered)
        return await _convert(request, query, kind, chosen, converter, stream=None)

    async def inspect(request: Request) -> Response:
        query = parse(InspectQuery, _query(request))
        kind = media.check(_content_type(request), STREAMS)
        chosen = media.choose(_accept(request), None, DRAWINGS)

        async def work(data: bytes) -> Payload:
            job = partial(jobs.inspect, data, chosen, converter.settings.max_pixels)
            return await converter.workers.run(job)

        converter.workers.check_room()
        return await _answer(request, query, kind, chosen, converter.settings, work)

    return [
        Described(path, endpoint, openapi.conversion(about, query, accepted, offered))
        for path, endpoint, about, query, accepted, offered in (
            ("/decode", decode, DECODE, DecodeQuery, STREAMS, answers),
            ("/encode", coding(media.ABLC), ENCODE, EncodeQuery, PICTURES, (media.ABLC,)),
            ("/transcode", transcode, TRANSCODE, TranscodeQuery, EITHER, (*answers, media.ABLC)),
            ("/compare", coding(media.JSON), COMPARE, EncodeQuery, PICTURES, (media.JSON,)),
            ("/inspect", inspect, INSPECT, InspectQuery, STREAMS, DRAWINGS),
        )
    ]


async def _convert(
    request: Request,
    query: DecodeQuery | EncodeQuery,
    kind: str,
    chosen: MediaType,
    converter: Converter,
    *,
    stream: bool | None,
) -> Response:
    """The picture in an upload as what was chosen. stream: None if its first bytes tell."""
    most = converter.settings.max_effort
    if isinstance(query, EncodeQuery) and query.effort > most:
        raise ProblemError(422, f"effort: {query.effort} is more than the {most} allowed here")
    frame = jobs.Rendition(query.region, query.size, query.strip or chosen == media.RAW)
    fill = query.fill if isinstance(query, DecodeQuery) else None
    finish: Finish = partial(jobs.write, chosen=chosen, quality=query.quality)
    if chosen == media.ABLC and isinstance(query, EncodeQuery):
        finish = partial(jobs.encode, query=query)
    elif chosen == media.JSON and isinstance(query, EncodeQuery):
        finish = partial(comparison.make, query=query, max_pixels=converter.settings.max_pixels)

    async def work(data: bytes) -> Payload:
        taken = media.is_stream(kind, data) if stream is None else stream
        upload = Upload(data, _content_type(request), taken)
        current = account_of(request)
        answer = await converter.convert(upload, frame, fill, finish, current)
        if chosen == media.JSON:  # several pictures, until the client has taken them
            current.hold(len(answer.body))
        return answer

    converter.check_room(fill)
    return await _answer(request, query, kind, chosen, converter.settings, work)


async def _answer(
    request: Request,
    query: Query,
    kind: str,
    chosen: MediaType,
    settings: ServiceSettings,
    work: Work,
) -> Response:
    """What work makes of the upload, or that the client has it already.

    Raises ProblemError if the upload is refused, ClientGoneError if the client left.
    """
    data = await read_body(request, settings)
    tag = _tag(request, query, kind, chosen, settings)
    headers = {"etag": tag, "cache-control": "no-cache", "vary": "accept, content-type"}
    if matches_tag(tag, header_elements(request, "if-none-match")):
        return Response(None, 304, headers)
    try:
        answer = await while_connected(request.receive, work(data))
    except (ProblemError, ClientGoneError):
        raise
    except Exception as error:
        raise problems.from_error(error) from error
    height, width, channels = answer.shape
    shape = {"x-width": str(width), "x-height": str(height), "x-channels": str(channels)}
    return SlicedResponse(answer.body, chosen.type, headers | shape)


def _tag(
    request: Request, query: Query, kind: str, chosen: MediaType, settings: ServiceSettings
) -> str:
    """The entity tag of an answer, which depends on what is asked and on who answers alone."""
    digest = account_of(request).digest
    painters = f"{settings.networks} {settings.provider}"
    makers = f"{ablc.__version__} {PIL.__version__} {painters}"
    parts = (request.scope["path"], query.model_dump_json(), kind, chosen.name, makers)
    digest.update("\n".join(parts).encode())
    return f'"{digest.hexdigest()}"'


def _query(request: Request) -> str:
    query: bytes = request.scope["query_string"]
    return query.decode("latin-1")


def _accept(request: Request) -> str:
    return ",".join(request.headers.getlist("accept"))


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "")
