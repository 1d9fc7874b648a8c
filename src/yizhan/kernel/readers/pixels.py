"""How large pictures say they are, in the child of `attachments.check`. Nothing is decoded."""

import io

from PIL import Image

Image.MAX_IMAGE_PIXELS = None


def sizes(content: bytes, *, lengths: list[int]) -> list[list[int] | None]:
    """(width, height) of each of the pictures that follow one another; None where there is none to read."""
    found, at = [], 0
    for length in lengths:
        found.append(size_of(content[at : at + length]))
        at += length
    return found


def size_of(content: bytes) -> list[int] | None:
    try:
        with Image.open(io.BytesIO(content)) as picture:
            return [picture.width, picture.height]
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - readers of broken pictures raise all sorts
        return None
