"""The parameters of requests, and what they ask of the codec."""

import math
import re
from functools import lru_cache
from typing import Annotated, Any, Literal, Self, TypeVar, cast
from urllib.parse import parse_qsl

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from ablc.encoder import Encoder
from ablc.importance import FEATHER_DEFAULT, WEIGHT_DEFAULT, Roi, Where
from ablc.regions import Region
from ablc.schemes import Scheme
from ablc.service import iiif
from ablc.service.problems import ProblemError
from ablc.settings import SchemeName, Subsampling, Tune

ROI = r"^(auto|[0-9]{1,5}(,[0-9]{1,5}){3})(:([0-9]{1,9}(\.[0-9]{1,9})?|inf))?$"
ROIS_MOST = 16
FEATHER_MOST = 256  # pixels
BYTES_MOST = 1 << 31
QUERY_MOST = 2048  # characters of all parameters

Format = Literal["png", "webp", "jpeg", "avif", "ppm", "raw", "ablc"]


def _check_weight(weight: float) -> float:
    if math.isnan(weight):
        raise ValueError("a weight is a number, or inf")
    return weight


Weight = Annotated[float, Field(ge=0, le=1e9), AfterValidator(_check_weight)]


class Query(BaseModel):
    """Parameters of which none may be unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Asked = TypeVar("Asked", bound=Query)


class InspectQuery(Query):
    """No parameters."""


class PictureQuery(Query):
    """Which part of a picture, how large."""

    region: Annotated[
        str,
        Field(
            pattern=iiif.REGION,
            description="Part of the picture, as in IIIF: `full`, `square`, `x,y,w,h` in pixels, "
            "or `pct:x,y,w,h`; clipped to the picture.",
        ),
    ] = "full"
    size: Annotated[
        str,
        Field(
            pattern=iiif.SIZE,
            description="Size of that part, as in IIIF: `max`, `w,`, `,h`, `w,h`, `!w,h` (at most "
            "that, in proportion) or `pct:n`; never enlarged.",
        ),
    ] = "max"
    strip: Annotated[bool, Field(description="Leave ICC profile, EXIF and XMP behind.")] = False


class DecodeQuery(PictureQuery):
    """How a stream becomes a picture."""

    format: Annotated[
        Format | None, Field(description="Kind of the answer; overrules `Accept`.")
    ] = None
    fill: Annotated[
        Literal["classical", "auto", "net"] | None,
        Field(
            description="What paints ablated blocks; `auto` and `net` are networks, where the "
            "service runs them."
        ),
    ] = None
    quality: Annotated[
        float | None,
        Field(ge=1, le=100, description="Of a JPEG, WebP or AVIF answer; default: 85."),
    ] = None


class EncodeQuery(PictureQuery):
    """How a picture becomes a stream."""

    quality: Annotated[
        float | None,
        Field(ge=1, le=100, description="Fidelity; 50 if neither it nor a size is given."),
    ] = None
    bpp: Annotated[
        float | None, Field(gt=0, le=100, description="Size to hit, in bits per pixel.")
    ] = None
    bytes: Annotated[
        int | None, Field(ge=1, le=BYTES_MOST, description="Size to hit: within 2 %, never above.")
    ] = None
    lossless: Annotated[bool, Field(description="Every sample comes back.")] = False
    effort: Annotated[int, Field(ge=1, le=9, description="From fastest to smallest.")] = 5
    subsampling: Annotated[Subsampling, Field(description="Of the chroma.")] = "auto"
    tune: Annotated[Tune, Field(description="Measure to serve.")] = "ssim"
    roi: Annotated[
        list[Annotated[str, Field(pattern=ROI)]],
        Field(
            max_length=ROIS_MOST,
            description="`X,Y,W,H[:WEIGHT]` or `auto[:WEIGHT]`: a region, in pixels of the picture "
            "as it is coded, that counts WEIGHT times (16; 0: nothing; inf: lossless); later ones "
            "win.",
        ),
    ] = []
    roi_weight: Annotated[
        Weight, Field(description="Of the part `roi` of a form, a picture that is white inside.")
    ] = WEIGHT_DEFAULT
    feather: Annotated[
        int, Field(ge=0, le=FEATHER_MOST, description="Soft border around regions, pixels.")
    ] = FEATHER_DEFAULT
    mask: Annotated[SchemeName, Field(description="What is kept, by rule.")] = "rdo"
    mask_share: Annotated[
        float | None, Field(gt=0, le=1, description="Of the pixels or blocks that a rule keeps.")
    ] = None

    @model_validator(mode="after")
    def _one_goal(self) -> Self:
        goals = {"quality": self.quality, "bpp": self.bpp, "bytes": self.bytes}
        given = [name for name, value in goals.items() if value is not None]
        given += ["lossless"] if self.lossless else []
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} exclude each other")
        return self

    def encoder(self) -> Encoder:
        """The encoder asked for, on one thread."""
        return Encoder(
            quality=self.quality,
            bpp=self.bpp,
            target_bytes=self.bytes,
            lossless=self.lossless,
            effort=self.effort,
            subsampling=self.subsampling,
            tune=self.tune,
            threads=1,
        )

    def scheme(self) -> Scheme:
        """The mask asked for."""
        return Scheme(self.mask, self.mask_share)

    def regions(self) -> list[Roi]:
        """The regions that the parameters name."""
        return [self._roi(text) for text in self.roi]

    def _roi(self, text: str) -> Roi:
        where, _, weight = text.partition(":")
        place: Where = where if re.match("[a-z]", where) else Region.parse(where)
        return Roi(place, float(weight or WEIGHT_DEFAULT), self.feather)


class TranscodeQuery(DecodeQuery, EncodeQuery):
    """Both: the parameters of the way back matter where the answer is a stream."""


def parse(kind: type[Asked], query: str) -> Asked:
    """The parameters in the query of a URL. Raises ProblemError 422 unless all are allowed."""
    if len(query) > QUERY_MOST:
        raise ProblemError(422, f"the query has more than {QUERY_MOST} characters")
    return cast(Asked, _parse(kind, query))


@lru_cache(maxsize=256)  # clients ask the same again and again
def _parse(kind: type[Query], query: str) -> Query:
    values: dict[str, Any] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name == "roi":
            values.setdefault(name, []).append(value)
        elif name in values:
            raise ProblemError(422, f"{name}: given twice")
        else:
            values[name] = value
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise ProblemError(422, "; ".join(map(_fault, error.errors()))) from None


def _fault(error: ErrorDetails) -> str:
    """What is wrong with one parameter, or with several together, in our own words."""
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        message = "there is no such parameter"
    elif error["type"] == "string_pattern_mismatch":
        message = f"{error['input']!r} is not of the form that /openapi.json gives"
    return ": ".join([*map(str, error["loc"]), message])
