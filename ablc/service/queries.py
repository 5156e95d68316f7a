"""The query parameters of requests, and the encoder, mask and regions that they describe.

FastAPI checks the parameters and describes them; `check_query` adds what pydantic cannot see.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.json_schema import SkipJsonSchema
from typing_extensions import TypeAliasType

from ablc import network_names, settings, validation
from ablc.encoder import Encoder
from ablc.importance import FEATHER_DEFAULT, WEIGHT_DEFAULT, Roi, Where
from ablc.options import Option
from ablc.regions import Region
from ablc.schemes import Scheme
from ablc.service import iiif
from ablc.service.problems import ProblemError
from ablc.settings import DecodeSettings, EncodeSettings, SchemeName, Subsampling, Tune

ROI = r"^(auto|[0-9]{1,5}(,[0-9]{1,5}){3})(:([0-9]{1,9}(\.[0-9]{1,9})?|inf))?$"
NETWORK = rf"^{network_names.ID}$"
PAINTER = rf"^{network_names.ID}(@[0-9a-f]{{16}})?(:(0|1|0?\.[0-9]{{1,9}}|1\.0{{1,9}}))?$"
ROIS_MOST = 16
FEATHER_MOST = 256  # pixels
BYTES_MOST = 1 << 31
BPP_MOST = 100
WEIGHT_MOST = 1e9
QUERY_MOST = 2048  # characters of all parameters
REPEATABLE = ("roi",)
FORMS = {
    "region": iiif.REGION_FORMS,
    "size": iiif.SIZE_FORMS,
    "roi": "X,Y,W,H[:WEIGHT] or auto[:WEIGHT]",
    "model": "the id of a network",
    "paint": "ID[:STRENGTH] or ID@HASH[:STRENGTH], with a strength in 0..1",
}  # of the parameters that have a pattern
DEFAULTS = EncodeSettings()

Omitted = SkipJsonSchema[None]  # None stands for a missing parameter: no client sends it


def _bounds(option: Option, *, most: float | None = None) -> Any:
    """Return the range of a setting as pydantic has it; most: the service's own upper bound."""
    high = option.high if most is None else most
    return Field(ge=option.low, gt=option.above, le=high)


# Types with a name of their own are components of the description.
ResponseFormat = TypeAliasType(
    "ResponseFormat",
    Literal["png", "webp", "jpeg", "jpg", "avif", "jxl", "heic", "heif", "ppm", "raw", "ablc"],
)
FillMethod = TypeAliasType("FillMethod", Literal["classical", "auto", "net"])
ChromaSubsampling = TypeAliasType("ChromaSubsampling", Subsampling)
TuneMeasure = TypeAliasType("TuneMeasure", Tune)
MaskRule = TypeAliasType("MaskRule", SchemeName)
Quality = TypeAliasType("Quality", Annotated[float, _bounds(settings.QUALITY)])
BitsPerPixel = TypeAliasType("BitsPerPixel", Annotated[float, _bounds(settings.BPP, most=BPP_MOST)])
TargetBytes = TypeAliasType(
    "TargetBytes", Annotated[int, _bounds(settings.TARGET_BYTES, most=BYTES_MOST)]
)
Effort = TypeAliasType("Effort", Annotated[int, _bounds(settings.EFFORT)])
Feather = TypeAliasType("Feather", Annotated[int, _bounds(settings.FEATHER, most=FEATHER_MOST)])
NetworkId = TypeAliasType("NetworkId", Annotated[str, Field(pattern=NETWORK)])
PainterName = TypeAliasType("PainterName", Annotated[str, Field(pattern=PAINTER)])
Strength = TypeAliasType("Strength", Annotated[float, _bounds(settings.STRENGTH)])
MaskShare = TypeAliasType("MaskShare", Annotated[float, _bounds(settings.MASK_SHARE)])
RegionOfInterest = TypeAliasType("RegionOfInterest", Annotated[str, Field(pattern=ROI)])
Weight = TypeAliasType("Weight", Annotated[float, Field(ge=0, le=WEIGHT_MOST)] | Literal["inf"])


class StrictQuery(BaseModel):
    """Parameters of which none may be unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class InspectQuery(StrictQuery):
    """No parameters."""


class RenditionQuery(StrictQuery):
    """Which part of a picture, at which size, and whether with its metadata."""

    region: Annotated[
        str,
        Field(
            pattern=iiif.REGION,
            description="Part of the picture, as in IIIF: `full`, `square`, `x,y,w,h` in pixels, "
            "or `pct:x,y,w,h`; it is clipped to the picture.",
        ),
    ] = "full"
    size: Annotated[
        str,
        Field(
            pattern=iiif.SIZE,
            description="Size of that part, as in IIIF: `max`, `w,`, `,h`, `w,h`, `!w,h` (at most "
            "that, in proportion) or `pct:n`. Parts are never enlarged.",
        ),
    ] = "max"
    strip: Annotated[bool, Field(description=settings.STRIP.help)] = False


class DecodeQuery(RenditionQuery):
    """How a stream becomes a picture."""

    format: Annotated[
        ResponseFormat | Omitted,
        Field(description="Type of the response; overrides the header `Accept`."),
    ] = None
    fill: Annotated[
        FillMethod | Omitted,
        Field(
            description="Method that paints dropped blocks: classical (no network) or net. auto, "
            "the default, is net for streams that name their painter, where the service runs "
            "networks. For a stream that becomes a stream the default is classical: the new one "
            "names the same painter."
        ),
    ] = None
    model: Annotated[NetworkId | Omitted, Field(description=settings.MODEL.help)] = None
    strength: Annotated[Strength | Omitted, Field(description=settings.STRENGTH.help)] = None
    quality: Annotated[
        Quality | Omitted,
        Field(description="Quality of a JPEG, WebP, AVIF, JPEG XL or HEIC response; 85 if absent."),
    ] = None

    @model_validator(mode="after")
    def _one_fill(self) -> Self:
        DecodeSettings(fill=self.fill or "auto", model=self.model, strength=self.strength)
        return self


class EncodeQuery(RenditionQuery):
    """How a picture becomes a stream; the settings are those of ablc.settings."""

    quality: Annotated[Quality | Omitted, Field(description=settings.QUALITY.help)] = None
    bpp: Annotated[BitsPerPixel | Omitted, Field(description=settings.BPP.help)] = None
    bytes: Annotated[TargetBytes | Omitted, Field(description=settings.TARGET_BYTES.help)] = None
    lossless: Annotated[bool, Field(description=settings.LOSSLESS.help)] = DEFAULTS.lossless
    effort: Annotated[Effort, Field(description=settings.EFFORT.help)] = DEFAULTS.effort
    subsampling: Annotated[ChromaSubsampling, Field(description=settings.SUBSAMPLING.help)] = (
        DEFAULTS.subsampling
    )
    tune: Annotated[TuneMeasure, Field(description=settings.TUNE.help)] = DEFAULTS.tune
    keep_invisible: Annotated[
        bool | Omitted, Field(description=settings.KEEP_INVISIBLE.help + " Default: if lossless.")
    ] = None
    roi: Annotated[
        list[RegionOfInterest],
        Field(
            max_length=ROIS_MOST,
            description="Region of interest, `X,Y,W,H[:WEIGHT]` in pixels of the picture as it is "
            "encoded, or `auto[:WEIGHT]`. It counts WEIGHT times (default 16; 0: not at all; inf: "
            "lossless). The parameter may be repeated; where regions overlap, the last counts.",
        ),
    ] = []
    roi_weight: Annotated[
        Weight,
        Field(description="Weight of the region in the form's part `roi`; `inf`: lossless."),
    ] = WEIGHT_DEFAULT
    feather: Annotated[Feather, Field(description=settings.FEATHER.help)] = FEATHER_DEFAULT
    mask: Annotated[MaskRule, Field(description=settings.MASK.help)] = "rdo"
    mask_share: Annotated[MaskShare | Omitted, Field(description=settings.MASK_SHARE.help)] = None

    paint: Annotated[PainterName | Omitted, Field(description=settings.PAINT.help)] = None

    @model_validator(mode="after")
    def _one_goal(self) -> Self:
        goals = {"quality": self.quality, "bpp": self.bpp, "bytes": self.bytes}
        given = [name for name, value in goals.items() if value is not None]
        given += ["lossless"] if self.lossless else []
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} exclude each other: give one of them")
        EncodeSettings(lossless=self.lossless, paint=self.paint)  # checks that they agree
        return self

    def encoder(self, paint: str | None = None) -> Encoder:
        """Return the encoder with these settings, on one thread.

        paint: the painter that lossy streams name unless the query has another.
        """
        return Encoder(
            quality=self.quality,
            bpp=self.bpp,
            target_bytes=self.bytes,
            lossless=self.lossless,
            effort=self.effort,
            subsampling=self.subsampling,
            tune=self.tune,
            paint=self.paint or (None if self.lossless else paint),
            keep_invisible=self.keep_invisible,
            threads=1,
        )

    def scheme(self) -> Scheme:
        """Return the rule that chooses the kept blocks."""
        return Scheme(self.mask, self.mask_share)

    def regions(self) -> list[Roi]:
        """Return the regions of interest that the parameters name."""
        return [self._roi(text) for text in self.roi]

    def _roi(self, text: str) -> Roi:
        where, _, weight = text.partition(":")
        place: Where = where if re.match("[a-z]", where) else Region.parse(where)
        return Roi(place, float(weight or WEIGHT_DEFAULT), self.feather)


class TranscodeQuery(DecodeQuery, EncodeQuery):
    """Both: the parameters of an encode matter if the response is a stream."""


def check_query(request: Request) -> None:
    """Raises ProblemError 422 if the query is too long, or repeats a parameter that is single."""
    if len(request.scope["query_string"]) > QUERY_MOST:
        raise ProblemError(422, f"the query has more than {QUERY_MOST} characters")
    names = [name for name, _ in request.query_params.multi_items() if name not in REPEATABLE]
    if len(names) != len(set(names)):
        repeated = next(name for name in names if names.count(name) > 1)
        raise ProblemError(422, f"{repeated}: given more than once")


def explain(errors: Sequence[Any]) -> str:
    """Return what is wrong with each parameter; errors are those of a RequestValidationError.

    The words are those of ablc.options, not pydantic's.
    """
    refusals: list[str] = []
    expectations: dict[str, list[str]] = {}  # parameter and value -> alternatives
    for error in errors:
        if error["type"] == "none_required":  # of a parameter that may be missing
            continue
        name = _name(error)
        if refusal := _refusal(error):
            refusals.append(": ".join(filter(None, (name, refusal))))
        else:
            key = f"{name}: must be {{}}, not {error['input']!r}"
            expectations.setdefault(key, []).append(_expected(error))
    refusals += [key.replace("{}", " or ".join(parts), 1) for key, parts in expectations.items()]
    return "; ".join(dict.fromkeys(refusals))


def _name(error: dict[str, Any]) -> str:
    """Return the parameter that an error is about, with the number of the value if repeatable."""
    _, *names = error["loc"]  # "query", then parameter and index, then pydantic's branch of a union
    indices = [name for name in names[1:] if isinstance(name, int)]
    return ": ".join(map(str, [*names[:1], *indices]))


def _refusal(error: dict[str, Any]) -> str:
    """Return what is wrong with a parameter, if it is not its value; else an empty text."""
    context = error.get("ctx", {})
    match error["type"]:
        case "extra_forbidden":
            return "unknown parameter"
        case "too_long":
            return (
                f"given {context['actual_length']} times, at most {context['max_length']} allowed"
            )
        case "value_error":
            return str(context["error"])
    return ""


def _expected(error: dict[str, Any]) -> str:
    """Return which values a parameter may have."""
    if error["type"] == "string_pattern_mismatch":
        return FORMS[error["loc"][1]]
    return validation.expected(error)
