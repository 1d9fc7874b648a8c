"""The whole program as its users start it: supervisor, database, web server, stream, worker."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.mail_servers import free_port

ROOT = Path(__file__).resolve().parents[1]
PROBE = ROOT / "tests/processes/probe"


@dataclass
class Program:
    """One running installation in a directory of its own."""

    place: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    tokens: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = (sys.executable, "-m", "yizhan", "demo")
    source: Path | None = ROOT / "src"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith(("YIZHAN_", "PYTHONPATH"))}
        path = ":".join(str(part) for part in (PROBE, self.source) if part)
        usual = {"PYTHONPATH": path, "YIZHAN_DEMO_TICKETS": "12", "YIZHAN_LOG_LEVEL": "WARNING"}
        usual["YIZHAN_ALLOWED_PRIVATE_HOSTS"] = "127.0.0.1, localhost"
        return {**own, **usual, "YIZHAN_TEST_PROBE": str(self.probe), **self.settings}

    @property
    def probe(self) -> Path:
        """Where its processes tell what they have registered (tests/processes)."""
        return self.place / "probe"

    def start(self) -> None:
        command = [*self.command, "--data-dir", str(self.place), "--port", str(self.port)]
        self.probe.mkdir(parents=True, exist_ok=True)
        with (self.place / "console.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=self.env, stdout=log, stderr=log, start_new_session=True)
        self.wait_ready()

    def wait_ready(self, seconds: float = 120) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                pass
            assert self.process
            assert self.process.poll() is None, (self.place / "console.log").read_text()[-3000:]
            time.sleep(0.2)
        raise TimeoutError((self.place / "console.log").read_text()[-3000:])

    def stop(self) -> None:
        """SIGTERM, and wait until everything has ended."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def run(self, *arguments: str) -> str:
        """One command of the command line, on this installation."""
        command = [sys.executable, "-m", "yizhan", *arguments, "--data-dir", str(self.place)]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr + self.ends_of("console.log", "postgres.log")
        return done.stdout.strip()

    def ends_of(self, *logs: str) -> str:
        """What these say last."""
        found = [(name, self.place / name) for name in logs]
        return "".join(f"\n--- {name}\n{path.read_text(errors='replace')[-3000:]}" for name, path in found if path.exists())

    def api(self, user: str, method: str, path: str, body: Any = None, **named: str) -> tuple[int, Any]:
        """One REST call over the network: (status, body)."""
        token = self.tokens.get(user) or self.tokens.setdefault(user, self.run("token", "create", "--user", user))
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        headers |= {name.replace("_", "-"): value for name, value in named.items()}
        request = urllib.request.Request(f"{self.url}/api/v1{path}", method=method, data=data, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def children(self) -> dict[str, int]:
        found: dict[str, int] = json.loads((self.place / "children.json").read_text())
        return found

    def postmaster(self) -> int:
        """Its pid, wherever the cluster lives: without user namespaces that is not below `place`."""
        mark = hashlib.sha256(str(self.place).encode()).hexdigest()[:12]
        homes = (self.place, Path("/var/lib/yizhan") / mark)
        home = next((one for one in homes if (one / "pg").exists()), self.place)
        return int((home / "pg" / "postmaster.pid").read_text().split()[0])
