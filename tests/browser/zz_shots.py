import os, re
import pytest
from pathlib import Path
from tests.browser.pages import *
from tests.browser.visitor import *

pytestmark = pytest.mark.django_db(transaction=True)
OUT = Path(os.environ.get("SHOTS", "/tmp/shots"))
OUT.mkdir(exist_ok=True)
MODE = os.environ.get("MODE", "light")
WHO = os.environ.get("WHO", "")


def slug(path):
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", path.strip("/"))[:70] or "home"


def walk(visit, stage, pages, size, tag):
    for person, paths in pages.items():
        if WHO and person not in WHO.split(","):
            continue
        v = visit(size, color_scheme="dark" if "dark" in MODE else "light")
        if person != "anonymous":
            v.enter(client_of(stage, person))
        if "care" in MODE:
            v.set(care="1")
        for i, p in enumerate(paths):
            r = v.page.goto(p)
            print(f"{person:12} {r.status} {p} -> {v.path if v.path != p else ''}", flush=True)
            over = v.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if over > 0:
                print("   OVERFLOW", over)
            v.page.screenshot(path=OUT / f"{tag}_{MODE}_{person}_{i:02d}_{slug(p)}.png", full_page=True)
        for c in v.complaints:
            print("   COMPLAINT", c)


def test_phone(visit):
    stage = make_stage()
    walk(visit, stage, phone_pages(stage), PHONE, "p")


def test_desk(visit):
    stage = make_stage()
    walk(visit, stage, desk_pages(stage), DESK, "d")
