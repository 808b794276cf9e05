"""The frame around every page: help is on screen in care mode, the first visit is light, and no page is left out of
tests/browser/test_every_page.py."""

import pytest
from django.urls import resolve

from tests import factories
from tests.addresses import names
from tests.browser.pages import NO_PAGE, make_stage, phone_pages

pytestmark = pytest.mark.django_db(transaction=True)

#: Bytes of a first visit, photos aside.
MOST_BYTES = 300_000


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
        visitor.note_answers()
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
    wanted = {name for name in names() if not name.startswith(("admin:", "api", "open311_"))}
    assert wanted - seen == NO_PAGE
