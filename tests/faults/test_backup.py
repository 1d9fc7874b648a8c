"""Backup while people work, restore elsewhere, and compare; then the refusals."""

import json
import stat
import subprocess
import sys
import tarfile
import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.program import Program


def command(program: Program, place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "yizhan", *arguments, "--data-dir", str(place)]
    return subprocess.run(line, env=program.env, capture_output=True, text=True, check=False, timeout=180)


def numbers(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {row[0] for row in connection.execute("SELECT number FROM tickets_ticket")}


def test_a_backup_of_a_running_program_comes_back_whole(program: Program, tmp_path: Path) -> None:
    body = {"customer": "demo-a", "requester": {"name": "张倩"}, "subject": "备份时报的"}
    acknowledged: list[str] = []
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            status, made = program.api("desk", "POST", "/tickets", body)
            assert status == 201
            acknowledged.append(made["number"])

    program.api("desk", "GET", "/tickets?limit=1")
    file = tmp_path / "b.tar"
    worker = threading.Thread(target=work)
    worker.start()
    while len(acknowledged) < 5:
        pass
    before = list(acknowledged)
    done = command(program, program.place, "backup", str(file))
    stop.set()
    worker.join()
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with tarfile.open(file) as packed:
        stream = packed.extractfile("manifest.json")
        assert stream
        manifest: dict[str, Any] = json.loads(stream.read())
    other = tmp_path / "elsewhere"
    restored = command(program, other, "restore", str(file))
    assert restored.returncode == 0, restored.stderr
    assert (other / "secret.key").read_text() == (program.place / "secret.key").read_text()
    again = Program(other)
    again.start()
    try:
        status, page = again.api("desk", "GET", f"/tickets/{before[-1]}")
        assert (status, page["subject"]) == (200, "备份时报的")
        made = again.api("desk", "POST", "/tickets", body)
        assert made[0] == 201  # sequences and jobs go on
        assert "✓" in again.run("audit", "verify")
        refused = command(program, other, "restore", str(file), "--force")
        assert refused.returncode == 1
        assert "in use" in refused.stderr
    finally:
        again.stop()
    assert manifest["counts"]["tickets_ticket"] >= len(before)
    refused = command(program, other, "restore", str(file))
    assert refused.returncode == 1
    assert "--force" in refused.stderr
    forced = command(program, other, "restore", str(file), "--force")
    assert forced.returncode == 0, forced.stderr
    assert list((other / "backups").glob("before-restore-*.tar"))


@pytest.mark.parametrize("content", [b"", b"nonsense"])
def test_what_is_no_backup_changes_nothing(content: bytes, program: Program, tmp_path: Path) -> None:
    file = tmp_path / "x.tar"
    file.write_bytes(content)
    done = command(program, tmp_path / "new", "restore", str(file))
    assert done.returncode == 1
    assert "no backup" in done.stderr


def test_a_damaged_backup_is_refused(program: Program, tmp_path: Path) -> None:
    file = tmp_path / "b.tar"
    assert command(program, program.place, "backup", str(file)).returncode == 0
    assert command(program, program.place, "backup", str(file)).returncode == 1  # never over an older one
    content = bytearray(file.read_bytes())
    at = content.index(b"PGDMP") + 4000
    content[at] ^= 0xFF
    file.write_bytes(bytes(content))
    done = command(program, tmp_path / "new", "restore", str(file))
    assert done.returncode == 1
    assert "damaged" in done.stderr
