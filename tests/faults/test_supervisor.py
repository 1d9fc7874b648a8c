"""Starting, stopping, falling and coming back, as the operator sees it."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.program import ROOT, Program
from yizhan.site.postgres import PostgresError
from yizhan.site.roles import Addresses
from yizhan.site.supervisor import exclusive, running_database


def test_a_life_of_an_installation() -> None:
    place = Path(tempfile.mkdtemp(prefix="yizhan-life-"))
    place.chmod(0o700)
    program = Program(place / "data")
    program.start()
    created = program.api("desk", "POST", "/tickets", {"customer": "demo-a", "requester": {"name": "张倩"}, "subject": "先来的"})
    assert created[0] == 201
    second = subprocess.run(
        [sys.executable, "-m", "yizhan", "demo", "--data-dir", str(program.place)],
        env=program.env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert second.returncode == 1
    assert "in use" in second.stderr
    serve = subprocess.run(
        [sys.executable, "-m", "yizhan", "user", "create", "x", "--role", "nonsense", "--data-dir", str(program.place)],
        env=program.env, capture_output=True, text=True, input="pw\n", timeout=60, check=False,
    )  # fmt: skip
    assert "unknown role" in serve.stderr
    assert program.process
    os.kill(program.process.pid, signal.SIGKILL)
    program.process.wait()
    program.start()
    assert program.api("desk", "GET", f"/tickets/{created[1]['number']}")[0] == 200
    os.kill(program.children()["web"], signal.SIGKILL)
    time.sleep(0.5)
    program.wait_ready()
    program.stop()
    assert program.process.returncode == 0
    left = subprocess.run(["pgrep", "-f", str(program.place)], capture_output=True, text=True, check=False).stdout
    assert left.strip() == ""
    refused = subprocess.run(
        [sys.executable, "-m", "yizhan", "serve", "--data-dir", str(program.place)],
        env=program.env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert refused.returncode == 1
    assert "demonstration" in refused.stderr
    shutil.rmtree(place, ignore_errors=True)


def test_another_postgres_major_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pg").mkdir()
    (tmp_path / "pg" / "PG_VERSION").write_text("11\n")
    (tmp_path / "demo").touch()
    done = subprocess.run(
        [sys.executable, "-m", "yizhan", "migrate", "--data-dir", str(tmp_path)],
        env={**os.environ, "YIZHAN_DATABASE_URL": "", "PYTHONPATH": str(ROOT / "src")},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "PostgreSQL 11" in done.stderr


def test_root_without_user_namespaces(tmp_path: Path) -> None:
    """Cluster and binaries move below /var/lib/yizhan, under an ordinary account; an ordinary user needs neither."""
    env = {**os.environ, "YIZHAN_DATABASE_URL": "", "YIZHAN_USER_NAMESPACE": "0", "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "yizhan", "migrate", "--data-dir", str(tmp_path)]
    for _ in range(2):
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
    kept = Path("/var/lib/yizhan") / hashlib.sha256(str(tmp_path.resolve()).encode()).hexdigest()[:12]
    assert kept.exists() == (os.geteuid() == 0)
    assert (tmp_path / "pg").exists() == (os.geteuid() != 0)
    shutil.rmtree(kept, ignore_errors=True)


def test_a_command_beside_a_program_without_its_database_is_told_so(tmp_path: Path) -> None:
    """The server's words after a while, not a pool's silence."""
    with (
        exclusive(tmp_path),
        pytest.raises(PostgresError, match=r"does not answer: .*\.s\.PGSQL"),
        running_database(tmp_path, Addresses("", ""), patience=0.5),
    ):
        pass
