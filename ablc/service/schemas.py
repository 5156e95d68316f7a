"""The JSON that the service sends and the forms that it reads, as components of its description."""

from dataclasses import fields
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, create_model

from ablc.inspection import StreamInfo

BINARY = {"type": "string", "format": "binary"}

BinaryFile = Annotated[bytes, WithJsonSchema(BINARY)]
Base64 = Annotated[str, Field(description="A file in base64.")]

_INSPECTED: dict[str, Any] = {
    field.name: get_type_hints(StreamInfo)[field.name] for field in fields(StreamInfo)
}
Inspection = create_model(
    "Inspection",
    __doc__="Header and layout of a stream.",
    **_INSPECTED,
    bpp=(float, Field(description="Bits per pixel of the whole stream.")),
)


class UploadForm(BaseModel):
    """A picture with a painted region of interest."""

    model_config = ConfigDict(extra="forbid")

    picture: BinaryFile
    roi: Annotated[
        BinaryFile | None,
        Field(description="A picture of the same size, white in the region of interest."),
        WithJsonSchema(BINARY),
    ] = None


class Problem(BaseModel):
    """The reason for a refusal (RFC 9457)."""

    type: Literal["about:blank"]
    title: str
    status: int
    detail: str


class ServiceStatus(BaseModel):
    """The state of the service."""

    status: Literal["ok", "ready"]


class PartPsnr(BaseModel):
    """PSNR in dB by part of the picture; null where nothing differs."""

    whole: float | None
    inside: float | None = None
    outside: float | None = None


class ComparedFile(BaseModel):
    """Another codec's file of at most the bytes of the stream, if the codec can make one."""

    name: str
    type: Annotated[str, Field(description="Media type of the file.")]
    file: Base64
    bytes: int
    quality: int
    fits: Annotated[bool, Field(description="False: larger than the stream at lowest quality.")]
    psnr: PartPsnr


class MapFile(BaseModel):
    """A map of the stream as a JPEG file, with its caption."""

    picture: Base64
    about: str


class ScaledMapFile(MapFile):
    """A map with a colour scale."""

    colours: list[str]
    ticks: list[tuple[float, str]]


class PaintedPicture(BaseModel):
    """The stream's picture as the painter that it names paints it."""

    picture: Annotated[str, Field(description="A PNG file in base64.")]
    psnr: PartPsnr


class PeerComparison(BaseModel):
    """A picture's stream beside other codecs' files of the same number of bytes."""

    width: int
    height: int
    stream: Base64
    bytes: int
    picture: Annotated[str, Field(description="The decoded stream, a PNG file in base64.")]
    psnr: PartPsnr
    painted: PaintedPicture | None
    peers: list[ComparedFile]
    kept: MapFile
    bits: ScaledMapFile
