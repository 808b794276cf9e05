"""The virtual environment in .venv: made once, filled from a requirements file, left alone while that file is unchanged."""

import fcntl
import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from local import say


def install(root: Path, requirements: str) -> Path:
    """Bring .venv up to ``requirements`` (a file name in ``root``) and return its Python.

    A stamp of the files' contents and the Python version makes a second call take no time. Ends with one line when the
    venv module is missing or pip cannot get the packages.
    """
    venv, var = root / ".venv", root / "var"
    python = venv / "bin" / "python"
    (var / "log").mkdir(parents=True, exist_ok=True)
    with open(var / "setup.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two commands in one checkout install one after the other
        stamp = venv / f"{requirements}.stamp"
        wanted = _fingerprint(root, requirements)
        if python.exists() and stamp.exists() and stamp.read_text() == wanted:
            return python
        if subprocess.call([python, "-m", "pip", "--version"], **_SILENT) if python.exists() else True:
            _make(venv)
        say.step("Installing packages (a minute or two the first time)…", "正在安装依赖（首次约一两分钟）…")
        log = var / "log" / "pip.log"
        command = [
            python,
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "--quiet",
            "-r",
            root / requirements,
        ]
        with open(log, "w") as output:
            code = subprocess.call(command, stdout=output, stderr=subprocess.STDOUT, cwd=root)
        if code:
            errors = [line for line in log.read_text().splitlines() if line.startswith("ERROR")] or [
                "no network?"
            ]
            say.fail(
                f"pip could not install the packages ({errors[-1].strip()}); see {log}.",
                "依赖安装失败，请检查网络后重试。",
            )
        for covered in _read(root, requirements):
            (venv / f"{covered}.stamp").write_text(_fingerprint(root, covered))
    return python


_SILENT = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def _make(venv: Path) -> None:
    if importlib.util.find_spec("ensurepip") is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        say.fail(
            f"Python's venv module is missing: 'apt install python{version}-venv' (or python3-venv).",
            f"缺少 Python 的 venv 模块，请先安装 python{version}-venv。",
        )
    say.step("Making the virtual environment .venv…", "正在创建虚拟环境…")
    done = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", venv],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        reason = (done.stdout.strip().splitlines() or ["no reason given"])[-1]
        say.fail(f"The virtual environment could not be made in {venv}: {reason}", "无法创建虚拟环境。")


def _read(root: Path, requirements: str) -> dict[str, bytes]:
    """Return the requirements file and the ones it includes, by name."""
    text = (root / requirements).read_bytes()
    files = {requirements: text}
    for line in text.decode().splitlines():
        if line.startswith("-r "):
            files |= _read(root, line[3:].strip())
    return files


def _fingerprint(root: Path, requirements: str) -> str:
    digest = hashlib.sha256(f"{sys.version_info[:2]} {os.uname().machine}".encode())
    for text in _read(root, requirements).values():
        digest.update(text)
    return digest.hexdigest()
