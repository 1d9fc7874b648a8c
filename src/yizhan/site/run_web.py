"""The web server's process: Granian with its workers, a few threads each."""

import os
import shutil

from granian.constants import Interfaces
from granian.server import Server

from yizhan.site.config import load_config

THREADS = 8


def main() -> None:
    config = load_config()
    if config.web_workers > 1:
        share(config.data_dir / "run" / "metrics")
    Server(
        "yizhan.site.wsgi:application",
        address=config.host,
        port=config.port,
        interface=Interfaces.WSGI,
        workers=config.web_workers,
        blocking_threads=max(2, THREADS // config.web_workers),
        websockets=False,
        log_enabled=False,
        respawn_failed_workers=True,
        workers_kill_timeout=3,
    ).serve()


def share(figures: os.PathLike[str]) -> None:
    """Several workers: they count requests into files of one folder, and are forked from one that has loaded everything."""
    shutil.rmtree(figures, ignore_errors=True)
    os.makedirs(figures)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(figures)
    import yizhan.site.wsgi  # noqa: F401, PLC0415 - after the folder is known, before the workers are made


if __name__ == "__main__":
    main()
