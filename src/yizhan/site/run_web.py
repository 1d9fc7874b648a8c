"""The web server's process: Granian with its workers, an event loop and a few threads each."""

import os
import resource
import shutil

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server import Server

from yizhan.site.config import load_config

MOST_FILES = 65_536
MOST_CONNECTIONS = 8192
HEADERS_WITHIN = 15_000  # milliseconds; an idle connection is kept no longer either
BUFFER = 64 * 2**10  # bytes of headers at most, and of an answer that its reader has not taken


def main() -> None:
    config = load_config()
    if config.web_workers > 1:
        share(config.data_dir / "run" / "metrics")
    Server(
        "yizhan.site.front:application",
        address=config.host,
        port=config.port,
        interface=Interfaces.ASGINL,
        workers=config.web_workers,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_WITHIN, max_buffer_size=BUFFER),
        backlog=2048,
        backpressure=connections(),
        websockets=False,
        log_enabled=False,
        respawn_failed_workers=True,
        workers_kill_timeout=3,
    ).serve()


def connections() -> int:
    """How many may be open at once, slow ones among them: as many as the process may have files, with some to spare."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return min(MOST_CONNECTIONS, max(128, most - 512))


def share(figures: os.PathLike[str]) -> None:
    """Several workers: they count requests into files of one folder, and are forked from one that has loaded everything."""
    shutil.rmtree(figures, ignore_errors=True)
    os.makedirs(figures)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(figures)
    import yizhan.site.front  # noqa: F401, PLC0415 - after the folder is known, before the workers are made


if __name__ == "__main__":
    main()
