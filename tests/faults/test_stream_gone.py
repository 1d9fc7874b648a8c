"""The event stream's process is gone, or hangs: readiness says so, and it is ready again when the stream is."""

import json
import os
import signal
import time
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.program import Program


def readiness(program: Program) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(f"{program.url}/readyz", timeout=10) as answer:
            return answer.status, json.loads(answer.read())["missing"]
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())["missing"]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_readiness_tells_of_the_stream(program: Program, how: signal.Signals) -> None:
    """Its supervisor is held meanwhile, or it would start another at once."""
    assert program.process
    assert readiness(program) == (200, [])
    stream, supervisor = program.children()["stream"], program.process.pid
    os.kill(supervisor, signal.SIGSTOP)
    try:
        os.killpg(stream, how)
        assert readiness(program) == (503, ["stream"])
    finally:
        os.kill(supervisor, signal.SIGCONT)
        if how == signal.SIGSTOP:
            os.killpg(stream, signal.SIGCONT)
    end = time.monotonic() + 60
    while readiness(program) != (200, []) and time.monotonic() < end:
        time.sleep(0.2)
    assert readiness(program) == (200, [])
