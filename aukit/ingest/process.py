"""A process of its own: a fresh interpreter that serves what it is sent.

It is not forked, since a fork copies locks that other threads hold, and it does not import the caller's script, since
one without a `__main__` guard would run again in it. It ends with the pipe to the process that started it, however
that one ends.
"""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from multiprocessing import Pipe
from multiprocessing.reduction import ForkingPickler

from aukit.errors import AukitError

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")
"""Where numerical libraries look for their number of threads."""


def can_start() -> bool:
    """Whether processes can be started here: elsewhere file descriptors cannot be passed on."""
    return os.name == "posix"


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Process:
    """Runs `module:function` with the descriptor of its end of `pipe`. Ctrl-C in the terminal is not for it.

    The first thing it gets is the path on which modules are found. `threads` is for its numerical libraries: with one
    process a core, more than one would only be in each other's way. `keep`: further descriptors that stay open in it.
    """

    def __init__(self, serve: str, *, threads: int = 1, keep: tuple[int, ...] = ()) -> None:
        module, _, function = serve.partition(":")
        self.pipe, theirs = Pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-c", f"from {module} import {function}; {function}({theirs.fileno()})"],
            pass_fds=(theirs.fileno(), *keep),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env={**os.environ, **dict.fromkeys(VARIABLES, str(threads))},
            start_new_session=True,
        )
        self.pipe.send(sys.path)
        theirs.close()

    def stop(self) -> None:
        """End it, whatever it is doing."""
        self.pipe.close()
        self.process.terminate()
        self.process.wait()


def portable(error: Exception, doing: str) -> Exception:
    """An error that survives the pipe, with the place it came from."""
    error.add_note(f"in a process that {doing}:\n" + "".join(traceback.format_tb(error.__traceback__)))
    try:
        ForkingPickler.loads(ForkingPickler.dumps(error))  # some can be packed and not unpacked
    except Exception:
        return AukitError(f"{type(error).__name__}: {error}")
    return error
