"""The child's side of `kernel.children`: limits first, then the content, then the answer on standard output."""

import ctypes
import importlib
import json
import os
import resource
import signal
import sys
import traceback

PR_SET_PDEATHSIG = 1
OUT_OF_MEMORY, BROKEN = 91, 92


def limit(seconds: int, megabytes: int) -> None:
    os.nice(10)  # pages come first
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * 2**20, megabytes * 2**20))


def main() -> None:
    source, target, options, seconds, megabytes = sys.argv[1:]
    limit(int(seconds), int(megabytes))
    sys.path.insert(0, source)
    module, name = target.split(":")
    try:
        result = getattr(importlib.import_module(module), name)(sys.stdin.buffer.read(), **json.loads(options))
        answer = b"B" + result if isinstance(result, bytes) else b"J" + json.dumps(result).encode()
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)
    except BaseException:  # noqa: BLE001 - a panic of a library is none of Exception
        sys.stderr.write(traceback.format_exc(limit=-3)[-1000:])
        sys.exit(BROKEN)
    sys.stdout.buffer.write(answer)


if __name__ == "__main__":
    main()
