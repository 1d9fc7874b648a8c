"""PDF without any font or library of the machine: Typst's wheel and our own Noto Sans SC."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from yizhan.kernel.errors import PermanentFailure, TemporaryFailure

STATIC = Path(__file__).resolve().parents[2] / "static"
FONTS = STATIC / "dist" / "fonts"
SECONDS = 60


def render_pdf(template: Path, data: dict[str, Any]) -> bytes:
    """Typeset `template` with `data` (JSON values; SVG pictures as text under `svg_*` keys).

    A child process does it: a typesetter that runs away or falls takes nobody with it.

    Raises:
        TemporaryFailure: it took more than a minute.
        PermanentFailure: the template or the data is wrong.
    """
    command = [sys.executable, "-I", str(Path(__file__).with_name("typeset.py")), str(template), str(FONTS)]
    try:
        done = subprocess.run(command, input=json.dumps(data).encode(), capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise TemporaryFailure(f"typesetting {template.name} took more than {SECONDS} s") from error
    if done.returncode or not done.stdout.startswith(b"%PDF"):
        raise PermanentFailure(f"typesetting {template.name}: {done.stderr.decode(errors='replace')[-1000:]}")
    return done.stdout
