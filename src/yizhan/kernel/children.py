"""What is expensive and comes from strangers is read in a child process, with limits of time and memory.

A child that needs more is ended by the operating system; whoever waits for it goes on. It gets the
content on its standard input, nothing of our environment, and dies with the process that started it.
"""

import base64
import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yizhan.kernel import rooms
from yizhan.kernel.commands import outside_commands
from yizhan.kernel.errors import PermanentFailure, TemporaryFailure

SOURCE = Path(__file__).resolve().parents[2]
PATIENCE = 6  # a busy machine gives a child its seconds of work late
OUT_OF_MEMORY, BROKEN = 91, 92
LIMITED = {OUT_OF_MEMORY, -signal.SIGXCPU, -signal.SIGABRT, -signal.SIGKILL, -signal.SIGSEGV}


class NeedsTooMuch(PermanentFailure):
    """The content needs more time or memory than anything sensible does."""


class Unreadable(PermanentFailure):
    """The reader does not understand the content; its own words are in the message."""


@dataclass(frozen=True)
class Limits:
    """Seconds of processor time, and megabytes of address space (the interpreter itself takes about 100)."""

    seconds: int = 20
    megabytes: int = 768


def run(target: str, content: bytes, *, limits: Limits = Limits(), **options: Any) -> Any:
    """What `module:function` makes of `content` (and JSON `options`) in a child: bytes, or JSON values.

    Raises:
        NeedsTooMuch: a limit ended it.
        Unreadable: the function raised something.
        TemporaryFailure: the machine had no time for it.
        RuntimeError: a transaction is open, which would stay open as long as the child takes.
    """
    outside_commands(f"the child {target}")
    given = [target, json.dumps(options), str(limits.seconds), str(limits.megabytes)]
    command = [sys.executable, "-I", str(Path(__file__).with_name("child.py")), str(SOURCE), *given]
    patience = limits.seconds * PATIENCE
    try:
        with rooms.present().entered(target, limits.seconds):
            done = subprocess.run(
                command, input=content, capture_output=True, timeout=patience, check=False, env={"LC_ALL": "C.UTF-8"}
            )
    except subprocess.TimeoutExpired as error:
        raise TemporaryFailure(f"{target}: no end within {patience} s") from error
    except OSError as error:  # no memory or no process to be had just now
        raise TemporaryFailure(f"{target}: {error}") from error
    if done.returncode in LIMITED:
        raise NeedsTooMuch(f"{target}: more than {limits.seconds} s or {limits.megabytes} MB")
    if done.returncode or not done.stdout:
        raise Unreadable(f"{target}: {done.stderr.decode(errors='replace')[-1000:]}")
    return done.stdout[1:] if done.stdout[:1] == b"B" else json.loads(done.stdout[1:])


def unpacked(text: str) -> bytes:
    """Bytes that came as a JSON value."""
    return base64.b64decode(text)
