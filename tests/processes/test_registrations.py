"""Every process knows the same kinds of work, subscribers, policies, panels, sources and jobs (DESIGN 1.5, 2)."""

import json
import subprocess
import sys
import time
from typing import Any

from tests.program import Program


def all_there_is(program: Program) -> dict[str, Any]:
    """What a process would have registered that had loaded every module of the program."""
    code = "import sitecustomize; sitecustomize.everything()"
    env = {**program.env, "YIZHAN_DATA_DIR": str(program.place)}
    env.pop("YIZHAN_TEST_PROBE")
    told = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr[-3000:]
    found: dict[str, Any] = json.loads(told.stdout.splitlines()[-1])
    return found


def told_by_processes(program: Program) -> dict[str, dict[str, Any]]:
    """Ask the running web server, worker and event stream."""
    (program.probe / "ask").touch()
    found: dict[str, dict[str, Any]] = {}
    end = time.monotonic() + 30
    while not {"web", "stream", "run_worker"} <= set(found):
        assert time.monotonic() < end, set(found)
        time.sleep(0.2)
        for file in program.probe.glob("*.json"):
            told = json.loads(file.read_text())
            found[told["role"]] = told["registered"]
    return found


def test_web_worker_and_stream_have_registered_the_same(program: Program) -> None:
    wanted = all_there_is(program)
    assert "yizhan.kernel.works.running._runners" in wanted
    assert len(wanted) > 10
    told = told_by_processes(program)
    for role in ("web", "run_worker", "stream"):
        lacks = {name: (told[role].get(name), there) for name, there in wanted.items() if told[role].get(name) != there}
        assert lacks == {}, role
