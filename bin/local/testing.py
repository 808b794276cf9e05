"""What bin/test does: packages, a throw-away PostgreSQL, a browser, then each check by name, then the tests."""

import fcntl
import os
import subprocess
import time
from pathlib import Path

from local import browser, packages, postgres, processes, say, variables

#: The test database may lose everything at a power cut; that makes it several times faster.
CARELESS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "256MB",
    "jit": "off",
}


def main(root: Path, arguments: list[str]) -> int:
    """Run everything, or pytest with ``arguments``; return 0 only when all of it passed."""
    processes.stop_on_signals()
    database = None
    try:
        (root / "var").mkdir(exist_ok=True)
        lock = open(root / "var" / "test.lock", "w")  # noqa: SIM115 - held until the process ends
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say.fail("Tests are already running in this checkout.", "本目录的测试正在运行。")
        python = packages.install(root, "requirements-dev.txt")
        chromium = browser.chromium(python)
        browser.chinese_font()
        environment = variables.tests(root, chromium)
        if not os.environ.get("DATABASE_URL"):
            database = postgres.Embedded(root, "pg-test", settings=CARELESS)
            environment["DATABASE_URL"] = database.start()
        if arguments:
            failed = (
                [] if _passes("tests", [python, "-m", "pytest", *arguments], root, environment) else ["tests"]
            )
        else:
            failed = _everything(root, python, environment)
        if failed:
            say.note(f"FAILED: {', '.join(failed)}", "以上检查未通过。")
        return 1 if failed else 0
    except KeyboardInterrupt:
        return 130
    finally:
        processes.ignore_signals()
        if database:
            database.stop()


def _everything(root: Path, python: Path, environment: dict[str, str]) -> list[str]:
    """Run the checks, migrating a database meanwhile, then all tests; return the names of those that failed."""
    print("== test database and checks", flush=True)
    began = time.monotonic()
    migrating = subprocess.Popen(
        [python, "-m", "tests.database"], cwd=root, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        failed = _checks(root, python, environment)
        name = migrating.communicate()[0].strip()
    finally:
        if migrating.poll() is None:
            migrating.kill()
    if migrating.returncode:
        return [*failed, "test database"]
    print(f"== test database and checks: done in {time.monotonic() - began:.1f} s", flush=True)
    tests = [python, "-m", "pytest", "-n", "2", "--dist", "worksteal", "--durations=15"]
    if not _passes("tests", tests, root, environment | {"PORTAL_MIGRATED": name}):
        failed.append("tests")
    subprocess.call([python, "-m", "tests.database", "drop"], cwd=root, env=environment)
    return failed


def _checks(root: Path, python: Path, environment: dict[str, str]) -> list[str]:
    """Run the checks that come before the tests; return the names of those that failed."""
    tool, manage = python.parent, [python, "manage.py"]
    deployed = variables.production() | {key: environment[key] for key in ("DATABASE_URL", "PATH")}
    checks = [
        ("format", [tool / "ruff", "format", "--check", "."], environment),
        ("lint", [tool / "ruff", "check", "."], environment),
        ("import contracts", [tool / "lint-imports"], environment),
        ("system check", [*manage, "check", "--fail-level", "WARNING"], environment),
        ("deployment check", [*manage, "check", "--deploy", "--fail-level", "WARNING"], deployed),
        ("migrations", [*manage, "makemigrations", "--check", "--dry-run"], environment),
    ]
    if (root / "governance/management/commands/gen_docs.py").exists():
        checks.append(("generated docs", [*manage, "gen_docs", "--check"], environment))
    return [name for name, command, variables_ in checks if not _passes(name, command, root, variables_)]


def _passes(name: str, command: list, root: Path, environment: dict[str, str]) -> bool:
    print(f"== {name}", flush=True)
    began = time.monotonic()
    code = subprocess.call(command, cwd=root, env=environment)
    print(
        f"== {name}: {'passed' if code == 0 else f'FAILED ({code})'} in {time.monotonic() - began:.1f} s",
        flush=True,
    )
    return code == 0
