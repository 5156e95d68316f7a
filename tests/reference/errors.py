"""FORMAT.md, section 17, Refusal: an error for each kind of refusal."""


class StreamError(Exception):
    """The file is refused. Each kind is a subclass."""


class NotAStreamError(StreamError):
    """The file does not begin with the magic."""


class OtherDecoderError(StreamError):
    """The document does not define the file: its version or flags are others."""


class LimitError(StreamError):
    """The picture has more pixels than the caller allows."""


class HeaderError(StreamError):
    """A field of the header is out of range."""


class CutShortError(StreamError):
    """The file ends before its header or one of its sections does."""


class DamageError(StreamError):
    """The checksum, a section or a segment contradicts the rest of the file."""
