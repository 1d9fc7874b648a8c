"""Which process made a claim, and whether it still lives: told by the machine it runs on, not by its connections.

A token names the machine, the process and its moment of birth, so that a later process with the same number is
another one. Of processes on other machines, or beyond the wall of a container, nothing is said.
"""

import hashlib
import itertools
import os
import socket
from functools import cache
from pathlib import Path

MACHINE, PID, BORN, NUMBER = 8, 8, 10, 6  # hexadecimal places: 32 together
_numbers = itertools.count()


def new_token() -> str:
    """A token of this process, another one each time."""
    return f"{own_prefix(os.getpid())}{next(_numbers) % 16**NUMBER:0{NUMBER}x}"


@cache
def own_prefix(pid: int) -> str:
    return f"{machine()}{pid:0{PID}x}{born(pid) or 0:0{BORN}x}"


@cache
def machine() -> str:
    """This boot of this machine, and within it the space in which process numbers mean anything."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    parts = [socket.gethostname(), boot.read_text() if boot.exists() else "", os.readlink("/proc/self/ns/pid")]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:MACHINE]


def born(pid: int) -> int | None:
    """When a process of this machine began, in ticks since the machine did; None when there is none (left)."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if words[0] in "ZX" else int(words[19])


def is_own(token: str) -> bool:
    return token.startswith(own_prefix(os.getpid()))


def is_dead(token: str) -> bool:
    """Whether the process that made this token is known to have ended."""
    if len(token) != MACHINE + PID + BORN + NUMBER or not token.startswith(machine()):
        return False
    pid, since = int(token[MACHINE : MACHINE + PID], 16), int(token[MACHINE + PID : -NUMBER], 16)
    return born(pid) != since and not hidden(pid)


def hidden(pid: int) -> bool:
    """Whether this is another user's process, of which the machine shows no more than that."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return not Path(f"/proc/{pid}").exists()
    except OSError:
        return False
    return False
