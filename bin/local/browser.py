"""Finds the Chromium that the browser tests drive, or gets one, and a Chinese font for it."""

import os
import shutil
import subprocess
from pathlib import Path

from local import say

#: Chromium without windows and menus: a page takes a quarter less.
SHELL = "chromium-headless-shell"
NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_SILENT = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def chromium(python: Path) -> str:
    """Return the path of a Chromium that runs: one that is there, without windows if it can be had; else Debian's when root, else
    playwright's own.

    Ends with one line when none can be had.
    """
    found = _installed()
    if os.geteuid() == 0 and shutil.which("apt-get") and Path(found).name != SHELL:
        # Ubuntu has no such package; where there is a browser, the package lists are not fetched for it.
        if not found or (not os.environ.get("PORTAL_CHROMIUM") and _is_known(SHELL)):
            _apt(SHELL)
        if not (found := _installed()):
            _apt("chromium")
            found = _installed()
    if not found:
        say.step("Downloading playwright's Chromium…", "正在下载浏览器…")
        extra = ["--with-deps"] if os.geteuid() == 0 else []
        subprocess.call([python, "-m", "playwright", "install", *extra, "chromium"], **_SILENT)
        own = "from playwright.sync_api import sync_playwright as p\nwith p() as t: print(t.chromium.executable_path)"
        path = subprocess.run([python, "-c", own], capture_output=True, text=True).stdout.strip()
        found = path if path and _runs(path) else ""
    if not found:
        say.fail(
            "The browser tests need Chromium: 'apt install chromium', or set PORTAL_CHROMIUM to its path.",
            "浏览器测试需要 Chromium，请先安装或设置 PORTAL_CHROMIUM。",
        )
    return found


def chinese_font() -> None:
    """See that Chinese text has a font; without one pages still work but screenshots show boxes."""
    if _has_chinese_font():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _apt("fonts-wqy-zenhei")
    if not _has_chinese_font():
        say.note(
            "No Chinese font is installed (fonts-wqy-zenhei); screenshots will show boxes.",
            "未安装中文字体，截图会显示方块。",
        )


def _installed() -> str:
    candidates = [os.environ.get("PORTAL_CHROMIUM") or "", *(shutil.which(name) or "" for name in NAMES)]
    return next((path for path in candidates if path and _runs(path)), "")


def _runs(path: str) -> bool:
    # Ubuntu's package may be a stub that only tells people to install a snap.
    try:
        return subprocess.call([path, "--version"], timeout=60, **_SILENT) == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _is_known(package: str) -> bool:
    return bool(shutil.which("apt-cache")) and subprocess.call(["apt-cache", "show", package], **_SILENT) == 0


def _has_chinese_font() -> bool:
    if not shutil.which("fc-list"):
        return False
    return bool(subprocess.run(["fc-list", ":lang=zh"], capture_output=True, text=True).stdout.strip())


def _apt(package: str) -> None:
    say.step(f"Installing {package} (apt)…", f"正在安装 {package}…")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package]
    if subprocess.call(install, env=environment, **_SILENT):
        subprocess.call(["apt-get", "update", "-qq"], env=environment, **_SILENT)
        subprocess.call(install, env=environment, **_SILENT)
