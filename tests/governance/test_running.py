"""What holds the running portal together: the page policies, the log lines, the lists of what it depends on."""

import json
import logging
import re
import runpy
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import resolve

from governance.csp import PolicyMiddleware
from governance.logs import JsonLine

ROOT = Path(settings.BASE_DIR)


def policy_of(path: str, status: int = 200) -> dict[str, list[str]]:
    request = RequestFactory().get(path)
    request.resolver_match = resolve(path)
    header = PolicyMiddleware(lambda _: HttpResponse(status=status))(request)["Content-Security-Policy"]
    return {name: sources for name, *sources in (line.split() for line in header.split(";"))}


def test_pages_run_no_script_but_our_files():
    policy = policy_of("/healthz")
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == ["'self'"]
    assert policy["frame-ancestors"] == policy["base-uri"] == ["'none'"]
    assert not any(
        source.startswith(("'unsafe", "http", "*")) for sources in policy.values() for source in sources
    )


def test_the_admin_gets_two_wider_lines_and_no_more():
    strict, admin = policy_of("/healthz"), policy_of("/admin/")
    assert admin.pop("script-src") == ["'self'", "'unsafe-eval'"]
    assert admin.pop("style-src") == ["'self'", "'unsafe-inline'"]
    assert admin == {name: sources for name, sources in strict.items() if name in admin}


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_error_pages_below_admin_get_the_strict_policy(status):
    assert policy_of("/admin/", status) == policy_of("/healthz")


def logged(message: str, exception: BaseException | None = None) -> str:
    info = (type(exception), exception, exception.__traceback__) if exception else None
    return JsonLine().format(logging.LogRecord("portal", logging.ERROR, "", 0, message, None, info))


def test_a_log_line_is_one_line_of_json_without_personal_data():
    try:
        raise IntegrityError(
            'duplicate key value violates unique constraint "user_phone"\nDETAIL:  Key (name)=(王小明) already exists.'
        )
    except IntegrityError as failure:
        line = logged("相同号码 13812345678，证件 12010619900101123X\n第二行", failure)
    assert "\n" not in line
    read = json.loads(line)
    assert "13812345678" not in line
    assert "12010619900101123X" not in line
    assert "王小明" not in read["exception"]
    assert "user_phone" in read["exception"]


@pytest.mark.parametrize("number", ["120106012001001", "IN-120106012-20261122-0001", "1732251600"])
def test_grid_codes_and_matter_numbers_stay_readable_in_logs(number):
    assert number in json.loads(logged(f"matter {number}"))["message"]


def requirements(name: str) -> set[str]:
    lines = (line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines())
    return {re.split(r"[\[<>=~ ]", line)[0].lower() for line in lines if line and not line.startswith("-")}


@pytest.mark.parametrize("document", ["dependencies.md", "third-party-licences.md"])
@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_every_dependency_is_explained_and_its_licence_listed(document, file):
    cells = {
        name.strip().split(" ")[0].lower()
        for line in (ROOT / "docs" / document).read_text().splitlines()
        if line.startswith("|")
        for name in line.split("|")[1].replace(" (", ",").split(",")
    }
    assert requirements(file) - cells == set()


def production(monkeypatch, **changes: str | None) -> dict:
    """Run the settings under a production environment, with some variables changed or (None) missing; return them."""
    variables = {
        "SECRET_KEY": "x" * 60,
        "FIELD_KEY": "y" * 60,
        "DATABASE_URL": "postgresql://portal@db/portal",
        "ALLOWED_HOSTS": "portal.example.org",
        "SITE_URL": "https://portal.example.org",
        "SMS_GATEWAY": "governance.notices.SmsGateway",
    }
    for name in ("PORTAL_DEMO", "HTTPS", "DB_POOL", *variables):
        monkeypatch.delenv(name, raising=False)
    for name, value in (variables | changes).items():
        if value is not None:
            monkeypatch.setenv(name, value)
    return runpy.run_path(str(ROOT / "governance" / "settings.py"))


def test_production_settings_are_closed(monkeypatch):
    found = production(monkeypatch)
    assert found["DEBUG"] is found["DEMO"] is False
    for name in (
        "SESSION_COOKIE_SECURE",
        "CSRF_COOKIE_SECURE",
        "SECURE_SSL_REDIRECT",
        "SESSION_COOKIE_HTTPONLY",
    ):
        assert found[name] is True, name
    assert found["ALLOWED_HOSTS"] == ["portal.example.org"]
    assert found["DATABASES"]["default"]["OPTIONS"]["pool"]


@pytest.mark.parametrize("missing", ["SECRET_KEY", "FIELD_KEY", "DATABASE_URL", "SITE_URL", "SMS_GATEWAY"])
def test_production_refuses_to_start_without(monkeypatch, missing):
    with pytest.raises(ImproperlyConfigured, match=missing):
        production(monkeypatch, **{missing: None})
