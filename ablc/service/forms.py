"""Requests that bring more than a picture: multipart/form-data with the parts picture and roi."""

from dataclasses import dataclass

from python_multipart import FormParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File, parse_options_header

from ablc.service import media
from ablc.service.problems import ProblemError

PICTURE, ROI = "picture", "roi"


@dataclass(frozen=True, slots=True)
class Form:
    """The parts of a form."""

    picture: bytes
    kind: str  # the content type of the picture's part; may be empty
    roi: bytes | None = None  # a picture that is white in the region of interest


def parse(body: bytes, content_type: str) -> Form:
    """The form in the body of a request. All of it stays in memory.

    Raises ProblemError 422 if it is no such form, or has other parts.
    """
    found: dict[str, tuple[bytes, str]] = {}

    def take(part: Field | File) -> None:
        name = (part.field_name or b"").decode("latin-1")
        if name not in (PICTURE, ROI) or name in found:
            raise ProblemError(
                422, f"a form has one part {PICTURE} and at most one {ROI}, nothing else"
            )
        if isinstance(part, File):
            part.file_object.seek(0)
        data = part.file_object.read() if isinstance(part, File) else part.value
        found[name] = data or b"", part.content_type or ""

    _, options = parse_options_header(content_type)
    if b"boundary" not in options:
        raise ProblemError(422, "the form's content type names no boundary")
    try:
        parser = FormParser(
            media.FORM,
            on_field=take,
            on_file=take,
            boundary=options[b"boundary"],
            config={"MAX_MEMORY_FILE_SIZE": len(body) + 1},
        )
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise ProblemError(422, f"the form is damaged: {error}") from None
    if PICTURE not in found:
        raise ProblemError(422, f"the form has no part {PICTURE}")
    picture, kind = found[PICTURE]
    roi, _ = found.get(ROI, (None, ""))
    return Form(picture, kind, roi)
