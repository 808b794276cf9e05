"""The frame of the phone pages: care mode, theme, the community's phone, error pages, and the gallery."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings as live
from django.urls import reverse

from tests import factories

pytestmark = pytest.mark.django_db


def test_care_mode_is_switched_on_kept_and_switched_off(client):
    answer = client.post(reverse("care_mode"), {"care": "1", "next": "/accessibility/?a=1"})
    assert answer.status_code == 302 and answer["Location"] == "/accessibility/?a=1"
    assert client.cookies["care"].value == "1" and client.cookies["care"]["httponly"]
    page = client.get("/accessibility/").content.decode()
    assert '<html lang="zh-CN" data-care="on">' in page and 'data-weui-mode="care"' in page
    client.post(reverse("care_mode"), {"care": "0"})
    assert "data-care" not in client.get("/accessibility/").content.decode()


def test_the_theme_is_one_of_three(client):
    client.post(reverse("theme"), {"theme": "dark"})
    assert 'data-weui-theme="dark"' in client.get("/accessibility/").content.decode()
    client.post(reverse("theme"), {"theme": '"><script>'})
    assert "data-weui-theme" not in client.get("/accessibility/").content.decode()
    client.cookies["theme"] = '"><script>'
    assert "<script>" not in client.get("/accessibility/").content.decode()


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_the_switches_lead_nowhere_else(client, target):
    assert client.post(reverse("care_mode"), {"care": "1", "next": target})["Location"] == "/"


def test_care_mode_keeps_a_phone_on_screen(client, territory):
    from grids.models import Grid

    client.cookies["care"] = "1"
    page = client.get("/accessibility/").content.decode()
    assert "便民热线" in page and 'href="tel:12345"' in page
    Grid.objects.filter(code=factories.COMMUNITY).update(phone="022-26371234")
    door = factories.make_entrance()
    session = client.session
    session["entrance"] = door.token
    session.save()
    page = client.get("/accessibility/").content.decode()
    assert "社区电话" in page and 'href="tel:02226371234"' in page


def test_the_frame_asks_the_database_nothing_beyond_its_words(client, django_assert_max_num_queries):
    client.get("/accessibility/")
    with django_assert_max_num_queries(2):
        client.get("/accessibility/")


class Strictness(HTMLParser):
    """Fails on whatever the strict security policy would block."""

    def handle_starttag(self, tag, attrs):
        names = dict(attrs)
        assert "style" not in names, f"inline style on {tag}"
        assert tag != "style", "a style element"
        assert tag != "script" or names.get("src"), "a script in the page"
        assert not [name for name in names if name.startswith("on")], f"an event handler on {tag}"
        for name in ("src", "href"):
            assert not re.match(r"(https?:)?//", names.get(name) or ""), f"{names[name]} is another host"


@pytest.mark.parametrize(
    "path", ["/accessibility/", "/styleguide/", "/styleguide/?wrong=1", "/no-such-page/"]
)
def test_pages_keep_to_the_strict_policy(client, settings, path):
    settings.DEMO = True
    Strictness().feed(client.get(path).content.decode())


def test_the_gallery_is_for_demos_only(client, settings):
    settings.DEMO = False
    assert client.get("/styleguide/").status_code == 404


def test_a_missing_page_says_so_in_chinese(client):
    answer = client.get("/no-such-page/")
    assert answer.status_code == 404 and "没有找到这个页面" in answer.content.decode()


def test_a_first_visit_weighs_less_than_300_kb(client):
    page = client.get("/accessibility/").content
    files = re.findall(r'(?:href|src)="/static/([^"]+\.(?:css|js|svg))"', page.decode())
    assert len(files) >= 5
    weight = len(page)
    for name in files:
        plain = re.sub(r"\.[0-9a-f]{12}\.", ".", name)
        weight += (Path(live.BASE_DIR) / "static" / plain).stat().st_size
    assert weight < 300_000, weight
