"""The frame around every page: nothing to complain about for the browser, nothing sticks out, nothing is too small to press,
help is on screen in care mode, and the first visit is light."""

from collections import defaultdict

import pytest
from django.urls import resolve

from tests import factories
from tests.addresses import names
from tests.browser.pages import NO_PAGE, client_of, desk_pages, make_stage, phone_pages
from tests.browser.visitor import DESK, PHONE

pytestmark = pytest.mark.django_db(transaction=True)

#: Bytes of a first visit, photos aside.
MOST_BYTES = 300_000

#: What is wider than the screen, by its first words.
STICKING_OUT = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
    [...document.querySelectorAll("main *, header *, .cg-bottom *")]
        .filter(each => each.getBoundingClientRect().right > innerWidth + 1 && !each.closest(".cg-tabs"))
        .map(each => each.outerHTML.slice(0, 120))"""

#: Main actions lower or narrower than so many pixels. A link in a sentence is as high as its line, and may be.
TOO_SMALL = """least => [...document.querySelectorAll(
        ".weui-btn, .cg-tile, .cg-card, a.weui-cell, button.weui-cell, .weui-tabbar__item, .cg-tabs a, .cg-choice, .cg-call a," +
        ".cg-input, .cg-bar__switch, .cg-bar__name, .cg-pick label, .cg-stars label, .cg-footer a, .cg-footer button")]
    .filter(each => each.checkVisibility())
    .map(each => [each, each.getBoundingClientRect()])
    .filter(([each, box]) => box.height > 0 && (box.height < least - 0.5 || box.width < 43.5))
    .map(([each, box]) => `${Math.round(box.width)} x ${Math.round(box.height)} ${each.outerHTML.slice(0, 100)}`)"""


@pytest.mark.parametrize(("care", "least"), [("", 44), ("1", 60)], ids=["standard", "care"])
def test_no_phone_page_sticks_out_or_has_a_target_too_small_or_makes_the_browser_complain(visit, care, least):
    stage, found = make_stage(), defaultdict(list)
    for person, paths in phone_pages(stage).items():
        visitor = visit(PHONE)
        if person != "anonymous":
            visitor.enter(client_of(stage, person))
        if care:
            visitor.set(care="1")
        for path in paths:
            page = visitor.open(path)
            for html in page.evaluate(STICKING_OUT):
                found[f"sticks out: {html}"].append(path)
            for told in page.evaluate(TOO_SMALL, least):
                # A tab is 52 px high whatever the mode: four of them have to stand side by side.
                if "weui-tabbar__item" not in told or least == 44:
                    found[f"too small: {told}"].append(path)
        for complaint in visitor.complaints:
            found[complaint].append(person)
    assert not found, "\n".join(f"{told} ({len(where)} times, {where[0]})" for told, where in found.items())


def test_no_page_of_the_desk_makes_the_browser_complain_or_sticks_out_on_a_phone(visit, live_server):
    stage, lines = make_stage(), []
    for person, paths in desk_pages(stage).items():
        for size, looked_at in ((DESK, paths[::2]), (PHONE, paths[1::2])):
            visitor = visit(size)
            visitor.enter(stage.cast.client(person))
            for path in looked_at:
                page = visitor.open(path)
                if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    lines.append(f"{path} sticks out at {size['width']} pixels")
            lines += visitor.complaints
    assert not lines, "\n".join(lines)


def test_care_mode_keeps_the_communitys_phone_on_screen_and_larger_type(phone, live_server):
    stage = make_stage()
    phone.open(f"/d/{stage.cast.entrance.token}/")
    before = phone.page.evaluate("parseFloat(getComputedStyle(document.querySelector('main')).fontSize)")
    phone.press("关怀模式")
    call = phone.page.get_by_role("link", name="社区电话")
    assert call.get_attribute("href") == "tel:02226371234"
    assert (
        phone.page.evaluate("parseFloat(getComputedStyle(document.querySelector('main')).fontSize)")
        >= 24
        > before
    )
    phone.follow("全部")
    phone.page.mouse.wheel(0, 2000)
    assert call.bounding_box()["y"] == 0
    phone.press("标准模式")
    phone.does_not_read("社区电话")


def test_the_first_visit_is_light(visit, live_server):
    factories.make_entrance()
    for at_most_items in range(6):
        factories.make_item(name=f"项目{at_most_items}")
    for path in ("/", "/orders/new/", "/login/", "/wall/", "/place/"):
        visitor = visit()
        visitor.open(path)
        visitor.page.wait_for_load_state("networkidle")
        assert all(answer.ok for answer in visitor.answers)
        weights = {
            answer.url: len(answer.body()) for answer in visitor.answers if "/files/" not in answer.url
        }
        # As the files are, uncompressed; a server that compresses sends about a quarter.
        assert 10_000 < sum(weights.values()) < MOST_BYTES, weights
        assert all(url.startswith(visitor.address) for url in weights), "something comes from another host"


def test_every_address_with_a_page_of_ours_is_looked_at(transactional_db):
    """The list in tests/browser/pages.py is complete: a new address is looked at, or stands in NO_PAGE with the others."""
    pages = phone_pages(make_stage())
    seen = {resolve(path.partition("?")[0]).view_name for paths in pages.values() for path in paths}
    wanted = {name for name in names() if not name.startswith(("admin:", "api"))}
    assert wanted - seen == NO_PAGE
