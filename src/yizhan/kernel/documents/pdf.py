"""PDF without any font or library of the machine: Typst's wheel and our own Noto Sans SC."""

import json
from pathlib import Path
from typing import Any

from yizhan.kernel import children
from yizhan.kernel.children import Limits, Unreadable
from yizhan.kernel.errors import PermanentFailure

STATIC = Path(__file__).resolve().parents[2] / "static"
FONTS = STATIC / "dist" / "fonts"
LIMITS = Limits(seconds=60, megabytes=2048)


def render_pdf(template: Path, data: dict[str, Any]) -> bytes:
    """Typeset `template` with `data` (JSON values; SVG pictures as text under `svg_*` keys).

    A child process does it: a typesetter that runs away or falls takes nobody with it.

    Raises:
        TemporaryFailure: the machine had no time for it.
        PermanentFailure: the template or the data is wrong, or takes more than a child may.
    """
    paths = {"template": str(template), "fonts": str(FONTS)}
    try:
        content = children.run("yizhan.kernel.readers.typeset:typeset", json.dumps(data).encode(), limits=LIMITS, **paths)
    except Unreadable as error:
        raise PermanentFailure(f"typesetting {template.name}: {error}") from error
    if not isinstance(content, bytes) or not content.startswith(b"%PDF"):
        raise PermanentFailure(f"typesetting {template.name}: no PDF came of it")
    return content
