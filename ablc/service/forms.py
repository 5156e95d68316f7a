"""Bodies that are forms: multipart/form-data with the parts `picture` and `roi`.

Starlette's own parser is not used: it keeps large parts in files, and the service writes none.
"""

from dataclasses import dataclass

from python_multipart import FormParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File, parse_options_header

from ablc.service import media
from ablc.service.problems import ProblemError

PICTURE, ROI = "picture", "roi"


@dataclass(frozen=True, slots=True)
class PictureForm:
    """The parts of a form."""

    picture: bytes
    kind: str  # content type of the picture's part; may be empty
    roi: bytes | None = None  # a picture that is white in the region of interest


def parse(body: bytes, content_type: str) -> PictureForm:
    """Return the form in the body of a request. All of it stays in memory.

    Raises ProblemError 422 if the form is damaged, has no picture, or has unknown parts.
    """
    parts: dict[str, tuple[bytes, str]] = {}

    def add(part: Field | File) -> None:
        name = (part.field_name or b"").decode("latin-1")
        if name not in (PICTURE, ROI) or name in parts:
            raise ProblemError(
                422, f"unexpected part in the form: expected one {PICTURE} and at most one {ROI}"
            )
        if isinstance(part, File):
            part.file_object.seek(0)
        data = part.file_object.read() if isinstance(part, File) else part.value
        parts[name] = data or b"", part.content_type or ""

    _, options = parse_options_header(content_type)
    if b"boundary" not in options:
        raise ProblemError(422, "the content type of the form has no boundary")
    try:
        parser = FormParser(
            media.FORM,
            on_field=add,
            on_file=add,
            boundary=options[b"boundary"],
            config={"MAX_MEMORY_FILE_SIZE": len(body) + 1},
        )
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise ProblemError(422, f"the form is damaged: {error}") from None
    if PICTURE not in parts:
        raise ProblemError(422, f"the form has no part {PICTURE}")
    picture, kind = parts[PICTURE]
    roi, _ = parts.get(ROI, (None, ""))
    return PictureForm(picture, kind, roi)
