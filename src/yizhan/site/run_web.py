"""The web server's process: Granian, one worker, a few threads."""

import os

from granian.constants import Interfaces
from granian.server import Server


def main() -> None:
    Server(
        "yizhan.site.wsgi:application",
        address=os.environ["YIZHAN_HOST"],
        port=int(os.environ["YIZHAN_PORT"]),
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=8,
        websockets=False,
        log_enabled=False,
        respawn_failed_workers=True,
        workers_kill_timeout=3,
    ).serve()


if __name__ == "__main__":
    main()
