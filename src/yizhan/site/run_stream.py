"""The event stream's process: a small ASGI application under Granian."""

import os

from granian.constants import Interfaces
from granian.server import Server


def main() -> None:
    Server(
        "yizhan.site.stream:application",
        address=os.environ["YIZHAN_HOST"],
        port=int(os.environ["YIZHAN_STREAM_PORT"]),
        interface=Interfaces.ASGINL,
        workers=1,
        websockets=False,
        log_enabled=False,
        respawn_failed_workers=True,
        workers_kill_timeout=2,
    ).serve()


if __name__ == "__main__":
    main()
