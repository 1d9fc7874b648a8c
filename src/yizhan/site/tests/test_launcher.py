"""The launcher of an installation that somebody else made: a service's user, a container."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from yizhan import __file__ as package

LAUNCHER = Path(package).parents[2] / "yizhan"
CODE = """
import os, pathlib, sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
place = pathlib.Path(sys.argv[1])
loader = SourceFileLoader("launcher", str(place / "yizhan"))
launcher = module_from_spec(spec_from_loader("launcher", loader))
loader.exec_module(launcher)
launcher.ROOT = place
if os.geteuid() == 0:
    os.setgid(65534), os.setuid(65534)
import fcntl
with launcher.open_lock() as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
print("held", lock.name)
"""


@pytest.fixture
def foreign() -> Iterator[Path]:
    """A folder that the caller may read and not write."""
    place = Path(tempfile.mkdtemp(prefix="yizhan-launcher-", dir="/tmp"))
    shutil.copy(LAUNCHER, place / "yizhan")
    shutil.copytree(LAUNCHER.parent / "scripts", place / "scripts")
    yield place
    place.chmod(0o755)
    shutil.rmtree(place)


@pytest.mark.parametrize("locked_before", [True, False])
def test_nothing_need_be_written(foreign: Path, locked_before: bool) -> None:
    lock = foreign / ".launcher.lock"
    if locked_before:
        lock.touch(0o444)
    (foreign / "yizhan").chmod(0o555)
    foreign.chmod(0o555)
    done = subprocess.run(["python3", "-B", "-c", CODE, foreign], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"held {lock if locked_before else foreign / 'yizhan'}"
