"""Several web workers: one set of figures, and a killed one is replaced without anybody being refused for long."""

import os
import re
import signal
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.program import Program


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Program]:
    running = Program(tmp_path / "data", settings={"YIZHAN_WEB_WORKERS": "2"})
    running.start()
    yield running
    running.stop()


def ask(program: Program, path: str) -> str:
    with urllib.request.urlopen(program.url + path, timeout=10) as answer:
        return str(answer.read().decode())


def counted(program: Program) -> float:
    line = re.search(r'yizhan_http_requests_total\{method="GET",route="healthz",status="200"\} (\S+)', ask(program, "/metrics"))
    return float(line.group(1)) if line else 0.0


def web_processes(program: Program) -> list[int]:
    """The web server and its workers, oldest first."""
    mark = f"YIZHAN_DATA_DIR={program.place}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if b"yizhan.site.run_web" in (folder / "cmdline").read_bytes() and mark in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return sorted(found)


def test_two_workers_count_as_one_and_replace_each_other(two: Program) -> None:
    before = counted(two)
    for _ in range(40):
        ask(two, "/healthz")
    assert [counted(two) for _ in range(6)] == [before + 40] * 6  # whichever worker is asked
    first, *workers = web_processes(two)
    assert len(workers) == 2
    os.kill(workers[0], signal.SIGKILL)
    end = time.monotonic() + 20
    while len(web_processes(two)) < 3 or workers[0] in web_processes(two):
        assert time.monotonic() < end
        time.sleep(0.2)
    assert first in web_processes(two)
    for _ in range(10):
        assert ask(two, "/healthz")
    assert two.api("desk", "GET", "/tickets?limit=1")[0] == 200
    os.kill(first, signal.SIGKILL)  # the server itself: its workers end with it, the supervisor starts all anew
    end = time.monotonic() + 40
    while first in web_processes(two) or len(web_processes(two)) != 3:
        assert time.monotonic() < end
        time.sleep(0.2)
    two.wait_ready()
    assert not set(workers) & set(web_processes(two))
