"""Files of other codecs, kept on disk: they do not change with ablc, and some take long to make.

A file is kept under a key of all that determines it: name, settings and library of the codec with
its version, the pixels of the picture, and the quality. What is measured of it is not a part of it:
a new measure decodes the files that are there.
"""

import hashlib
from dataclasses import replace

from ablc.arrays import Pixels
from ablc.eval.store import Store, TaskResult, key_of
from ablc.peers.codec import Codec

FILE = "file"  # of a result in the store


def keeping(codec: Codec, store: Store) -> Codec:
    """Return the codec with an encoder that looks for the file in the store, and leaves it there.

    Not for ablc's own codecs: no key says which code they are.
    """

    def encode(picture: Pixels, quality: float) -> bytes:
        about = (codec.name, codec.settings, codec.library, float(quality))
        key = key_of("peer", *about, *_identity(picture))
        row = store.get(key)
        if row is not None:
            path = store.file(key, FILE)
            data = path.read_bytes() if path.is_file() else b""
            if len(data) == row["bytes"]:
                return data
        data = codec.encode(picture, quality)
        store.put(key, TaskResult({"bytes": len(data)}, {FILE: data}))
        return data

    return replace(codec, encode=encode)


def _identity(picture: Pixels) -> tuple[str, str]:
    """Return texts that differ for pictures that differ in size or pixels."""
    return str(picture.shape), hashlib.sha256(picture.tobytes()).hexdigest()
