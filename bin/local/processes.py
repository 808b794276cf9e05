"""Running several programs as one: whichever ends, or whatever signal comes, all of them end, and none outlives its parent."""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local import say

_PR_SET_PDEATHSIG = 1


def end_with_parent(how: signal.Signals) -> Callable[[], None]:
    """Return what a child runs before its program, so that Linux sends it ``how`` when its parent dies, even by kill -9."""
    libc = ctypes.CDLL(None)

    def ask() -> None:
        if hasattr(libc, "prctl"):
            libc.prctl(_PR_SET_PDEATHSIG, how)

    return ask


def stop_on_signals() -> None:
    """Make SIGTERM and SIGHUP end the command as Ctrl-C does, through every ``finally``."""

    def interrupt(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)


def ignore_signals() -> None:
    """Let the tidying-up finish: a second Ctrl-C changes nothing."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


class Company:
    """Programs that run together, each with its own log file."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.members: dict[str, subprocess.Popen] = {}

    def start(self, name: str, command: list[str | Path], environment: dict[str, str], root: Path) -> None:
        """Start one program. It gets a session of its own, so that Ctrl-C reaches it in order, not all at once."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with open(self.logs / f"{name}.log", "w") as output:
            self.members[name] = subprocess.Popen(
                command,
                cwd=root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=end_with_parent(signal.SIGTERM),
            )

    def ended(self) -> str | None:
        """Return the name of a program that has ended by itself, None while all run."""
        return next((name for name, process in self.members.items() if process.poll() is not None), None)

    def watch(self) -> None:
        """Return never, but by a signal; ends the command with one line when a program stops by itself."""
        while True:
            name = self.ended()
            if name:
                log = self.logs / f"{name}.log"
                last = (log.read_text(errors="replace").strip().splitlines() or ["no output"])[-1]
                say.fail(
                    f"The {name} process stopped by itself: {last} (see {log})",
                    "有一个进程意外退出，已全部停止。",
                )
            time.sleep(0.5)

    def stop(self, patience: float = 15) -> None:
        """End every program in the order of starting, then what it may have left in its session."""
        for process in self.members.values():
            if process.poll() is None:
                process.terminate()
        until = time.monotonic() + patience
        for process in self.members.values():
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        self.members.clear()
