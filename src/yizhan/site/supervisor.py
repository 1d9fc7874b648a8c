"""Runs web server, event stream and worker beside the database, and restarts what falls.

Every child is the leader of its own process group and asks the kernel to be ended
when the supervisor dies. What an earlier, killed supervisor left behind is ended first.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from yizhan.kernel.files import write_private
from yizhan.site.postgres import PR_SET_PDEATHSIG, Cluster, libc
from yizhan.site.roles import Addresses


class Busy(Exception):
    """Another program already serves this data directory."""


@contextmanager
def exclusive(data_dir: Path) -> Iterator[None]:
    """Hold the data directory. Children do not inherit the lock.

    Raises:
        Busy: when another process holds it.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (data_dir / "lock").open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Busy(str(data_dir)) from error
        yield


@contextmanager
def running_database(data_dir: Path, external: Addresses, patience: float = 60) -> Iterator[Addresses]:
    """The data directory's database: the external one, the running one, or one started for this call.

    A running one may just be coming back after a crash: it is waited for, `patience` seconds at most.

    Raises:
        PostgresError: it does not answer, in the server's own words.
    """
    if external.daily:
        yield external
        return
    cluster = Cluster(data_dir)
    try:
        with exclusive(data_dir):
            cluster.start()
            try:
                yield cluster.addresses
            finally:
                cluster.stop()
    except Busy:
        cluster.wait_answer(patience)
        yield cluster.addresses


@dataclass
class Child:
    """One supervised process. `failures` counts quick deaths in a row and sets the back-off."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    started: float = 0.0
    due: float = 0.0


@dataclass
class Supervisor:
    """Keeps the children running until it is told to stop."""

    data_dir: Path
    children: list[Child] = field(default_factory=list)
    stopping: bool = False

    def add(self, name: str, module: str, *arguments: str) -> None:
        command = [sys.executable, "-m", module, *arguments]
        self.children.append(Child(name, lambda: spawn(command)))

    def add_database(self, cluster: Cluster) -> None:
        child = Child("postgres", cluster.start, process=cluster.process, started=time.monotonic())
        self.children.insert(0, child)

    def end_leftovers(self) -> None:
        """End the groups that a killed supervisor of this data directory left running."""
        path = self.data_dir / "children.json"
        if not path.exists():
            return
        for pid in json.loads(path.read_text() or "{}").values():
            try:
                words = Path(f"/proc/{pid}/environ").read_bytes()
                if f"YIZHAN_DATA_DIR={self.data_dir}".encode() in words.split(b"\0"):
                    os.killpg(pid, signal.SIGKILL)
            except (OSError, ProcessLookupError):
                continue

    def run(self, ready: Callable[[], None]) -> None:
        """Start everything, call `ready` once, then watch until SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self.stop)
        told = False
        while not self.stopping:
            self.look()
            if not told and self.children[0].process:
                told = True
                ready()
            time.sleep(0.1)
        self.end()

    def stop(self, *_: object) -> None:
        self.stopping = True

    def look(self) -> None:
        now = time.monotonic()
        for child in self.children:
            if child.process and child.process.poll() is not None:
                self.mourn(child, now)
            if child.process is None and now >= child.due and not self.stopping:
                try:
                    child.process, child.started = child.start(), time.monotonic()
                except Exception as error:  # noqa: BLE001 - a child that cannot start is tried again, later
                    print(f"{child.name}: {error}", file=sys.stderr, flush=True)
                    self.back_off(child, now)
                self.remember()

    def mourn(self, child: Child, now: float) -> None:
        assert child.process
        code = child.process.returncode
        if child.name != "postgres":
            end_group(child.process.pid, signal.SIGKILL)
        if now - child.started > 30:
            child.failures = 0
        print(f"{child.name} ended ({code}), restarting", file=sys.stderr, flush=True)
        child.process = None
        self.back_off(child, now)

    def back_off(self, child: Child, now: float) -> None:
        child.failures += 1
        child.due = now + min(0.2 * 2**child.failures, 30)

    def remember(self) -> None:
        pids = {c.name: c.process.pid for c in self.children if c.process and c.name != "postgres"}
        write_private(self.data_dir / "children.json", json.dumps(pids))

    def end(self) -> None:
        """Ask everything but the database to end, then insist; the database goes last."""
        upper = [c for c in self.children if c.process and c.name != "postgres"]
        for child in upper:
            assert child.process
            end_group(child.process.pid, signal.SIGTERM)
        end = time.monotonic() + 4
        for child in upper:
            assert child.process
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.1, end - time.monotonic()))
            end_group(child.process.pid, signal.SIGKILL)
        (self.data_dir / "children.json").unlink(missing_ok=True)


def spawn(command: list[str]) -> subprocess.Popen[bytes]:
    parent = os.getpid()

    def in_child() -> None:
        libc().prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    # Threads that each keep a heap of their own would double what a web worker holds.
    env = {"MALLOC_ARENA_MAX": "2", **os.environ}
    return subprocess.Popen(command, preexec_fn=in_child, start_new_session=True, env=env)


def end_group(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, number)
