"""The environment that the demo and the tests run in. What the caller has set is kept; secrets are made once into var/."""

import json
import os
import secrets
from pathlib import Path

from local import say

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def address() -> tuple[str, int]:
    """Return HOST and PORT from the environment, or 127.0.0.1 and 8000; ends with one line when PORT is no port."""
    port = os.environ.get("PORT") or "8000"
    if not port.isdecimal() or not 0 < int(port) < 65536:
        say.fail(f"PORT must be a number from 1 to 65535, not {port!r}.", "PORT 必须是 1 到 65535 的数字。")
    return os.environ.get("HOST") or "127.0.0.1", int(port)


def demo(root: Path, host: str, port: int) -> dict[str, str]:
    """Return the demo's environment for a server on ``host`` and ``port``, all but DATABASE_URL."""
    shown = f"[{host}]" if ":" in host else host
    everywhere = host in ("0.0.0.0", "::")
    defaults = {
        "PORTAL_DEMO": "1",
        "ALLOWED_HOSTS": "*" if everywhere else ",".join({"127.0.0.1", "localhost", shown}),
        "SITE_URL": f"http://{'127.0.0.1' if everywhere else shown}:{port}",
        **_secrets(root / "var"),
    }
    return defaults | os.environ | _python(root)


def tests(root: Path, browser: str) -> dict[str, str]:
    """Return the tests' environment; secrets of no worth, because the test database holds nothing."""
    settings = {"DJANGO_SETTINGS_MODULE": "tests.settings", "PORTAL_CHROMIUM": browser}
    return os.environ | settings | _python(root)


def production() -> dict[str, str]:
    """Return what a production installation must set at least, with made-up values, for ``check --deploy``."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PORTAL_", "DJANGO_"))}
    return kept | {
        "SECRET_KEY": secrets.token_urlsafe(64),
        "FIELD_KEY": secrets.token_urlsafe(64),
        "ALLOWED_HOSTS": "portal.example.org",
        "SITE_URL": "https://portal.example.org",
        "SMS_GATEWAY": "governance.notices.SmsGateway",
        "DJANGO_SETTINGS_MODULE": "governance.settings",
    }


def _python(root: Path) -> dict[str, str]:
    return {
        "PATH": f"{root / '.venv' / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
    }


def _secrets(var: Path) -> dict[str, str]:
    path = var / "secrets.json"
    if not path.exists():
        var.mkdir(parents=True, exist_ok=True)
        made = {"SECRET_KEY": secrets.token_urlsafe(64), "FIELD_KEY": secrets.token_urlsafe(64)}
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(made, file)
    return json.loads(path.read_text())
