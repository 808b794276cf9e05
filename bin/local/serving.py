"""What bin/demo does, in order: set up, prepare the data, serve, and take everything down again."""

import argparse
import errno
import fcntl
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from local import packages, postgres, processes, say, variables


def main(root: Path, arguments: list[str]) -> None:
    """Run the demo until a signal comes; ``arguments`` are the command line's."""
    parser = argparse.ArgumentParser(
        prog="bin/demo", description="Serve the demo district on this machine. 在本机运行演示区。"
    )
    parser.add_argument(
        "--fresh", action="store_true", help="delete the demo's data and begin anew 清空演示数据，重新开始"
    )
    options = parser.parse_args(arguments)
    host, port = variables.address()
    processes.stop_on_signals()
    database, company = None, processes.Company(root / "var" / "log")
    try:
        (root / "var").mkdir(exist_ok=True)
        lock = _only_one(root)
        _refuse_taken(host, port)
        python = packages.install(root, "requirements.txt")
        embedded = not os.environ.get("DATABASE_URL")
        if embedded:
            database = postgres.Embedded(root, "pg")
        if options.fresh:
            _begin_anew(root, database)
        environment = variables.demo(root, host, port)
        if database:
            environment["DATABASE_URL"] = database.start()
        _prepare(python, environment, root, fresh=options.fresh and not embedded)
        _refuse_taken(host, port)
        threads = environment.get("WEB_THREADS", "8")
        company.start("web", web(python, host, port, threads), environment, root)
        company.start("worker", [python, "manage.py", "db_worker", "--queue-name", "*"], environment, root)
        company.start("ticker", [python, "manage.py", "tick", "--loop", "20"], environment, root)
        _wait_until_served(company, host, port)
        _introduce(python, environment, root, host, port)
        company.watch()
        lock.close()
    except KeyboardInterrupt:
        print(flush=True)
        say.step("Stopping…", "正在停止…")
    except OSError as problem:
        if problem.errno not in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC):
            raise
        say.fail(f"{problem.strerror}: {problem.filename or root}", "没有写入权限或磁盘已满。")
    finally:
        processes.ignore_signals()
        company.stop()
        if database:
            database.stop()


def web(python: Path, host: str, port: int, threads: str) -> list[str | Path]:
    """Return the command that serves the portal: one process, so many threads."""
    return [
        python.parent / "granian",
        *("--interface", "wsgi", "--host", host, "--port", str(port), "--workers", "1"),
        *("--blocking-threads", threads, "governance.wsgi:application"),
    ]


def _only_one(root: Path):
    """Return the lock that says this checkout's demo is running; held until the process ends."""
    lock = open(root / "var" / "demo.lock", "w")  # noqa: SIM115
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        say.fail("The demo of this checkout is already running.", "本目录的演示已经在运行。")
    return lock


def _refuse_taken(host: str, port: int) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError:
        say.fail(f"HOST {host!r} is no address of this machine.", "HOST 不是本机地址。")
    with socket.socket(family, kind, protocol) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(address)
        except OSError as problem:
            say.fail(
                f"{host}:{port} cannot be used ({problem.strerror}): choose another, for example PORT={port + 1 if port < 65535 else 8000} bin/demo",
                f"端口 {port} 无法使用，请用 PORT= 换一个。",
            )


def _begin_anew(root: Path, database: postgres.Embedded | None) -> None:
    say.step("Deleting the demo's data…", "正在清空演示数据…")
    if database:
        if database.running():
            say.fail(
                "The demo's database is in use by another command: stop that first.",
                "演示数据库正被使用，请先停止。",
            )
        database.remove()
    for name in ("media", "static"):
        shutil.rmtree(root / "var" / name, ignore_errors=True)
    (root / "var" / "secrets.json").unlink(missing_ok=True)


def _prepare(python: Path, environment: dict[str, str], root: Path, *, fresh: bool) -> None:
    command = [python, "manage.py", "prepare_demo", *(["--fresh"] if fresh else [])]
    if subprocess.call(command, cwd=root, env=environment):
        say.fail(
            "The demo's data could not be prepared; the lines above say why.", "演示数据准备失败，原因见上。"
        )


def _wait_until_served(company: processes.Company, host: str, port: int, patience: float = 60) -> None:
    """Wait for /healthz to be content, so that the printed addresses work when they are read."""
    address = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if company.ended():
            company.watch()
        try:
            with urllib.request.urlopen(f"http://{address}:{port}/healthz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    say.note(
        f"The portal is up but /healthz is not content yet; logs: {company.logs}",
        "健康检查尚未通过，请查看日志。",
    )


def _introduce(python: Path, environment: dict[str, str], root: Path, host: str, port: int) -> None:
    site = environment["SITE_URL"]
    print(
        f"\n  Portal 门户   {site}/\n  Desk 工作台   {site}/admin/\n  API 接口      {site}/api/v1/\n",
        flush=True,
    )
    if any(root.glob("*/management/commands/demo_people.py")):
        subprocess.call([python, "manage.py", "demo_people"], cwd=root, env=environment)
    if host not in variables.LOOPBACK:
        say.note(
            "The demo shows sign-in codes on its pages: everybody who reaches this address can sign in.",
            "演示模式会在页面上显示验证码，能访问此地址的人都能登录。",
        )
    say.step(
        "Ctrl-C stops everything; the data stay for the next start (--fresh begins anew).",
        "按 Ctrl-C 停止；数据保留，--fresh 重新开始。",
    )
