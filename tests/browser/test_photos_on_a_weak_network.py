"""A picture on a network that breaks off in the middle: it goes on where it stopped, on another page and after a sentence of the
server too, and nothing of it is sent twice."""

import io

import pytest
from django.urls import reverse
from PIL import Image
from playwright.sync_api import expect

from governance.models import PhotoUpload
from incidents.models import Incident
from tests import factories
from tests.browser.offline import back_online
from tests.browser.test_sweeps import signed_in

pytestmark = pytest.mark.django_db(transaction=True)


def detailed(width: int, height: int) -> bytes:
    """Return a picture that no compression makes small: every pixel has a colour of its own."""
    out = io.BytesIO()
    Image.effect_noise((width, height), 120).convert("RGB").save(out, "JPEG", quality=90)
    return out.getvalue()


class Wire:
    """What goes over the network of a phone in pieces of pictures; it breaks before piece number ``breaks_at``."""

    def __init__(self, phone, breaks_at):
        self.phone, self.breaks_at = phone, breaks_at
        #: (name, first byte, bytes) of every piece that was let through.
        self.pieces: list[tuple[str, int, int]] = []
        phone.page.route("**/outbox/photos/**", self.pass_on)

    def pass_on(self, route):
        request = route.request
        if request.method == "POST":
            if len(self.pieces) == self.breaks_at:
                route.abort("internetdisconnected")
                return
            start, body = int(request.headers["upload-offset"]), request.post_data_buffer
            self.pieces.append((request.url, start, len(body)))
        route.continue_()

    def gapless(self) -> dict[str, int]:
        """Return the bytes of each picture; every piece must begin where the one before ended."""
        ends: dict[str, int] = {}
        for name, start, size in self.pieces:
            assert start == ends.get(name, 0), (name, start, ends)
            ends[name] = start + size
        return ends


def gone(phone):
    """Wait until the platform keeps nothing of a picture any more; the browser tells nobody of what it sends when it leaves a page."""
    for _ in range(50):
        if not PhotoUpload.objects.exists():
            return
        phone.page.wait_for_timeout(100)
    raise AssertionError("a picture is still kept")


@pytest.fixture
def phone(live_server, visit):
    factories.make_territory()
    worker = factories.make_staff("grid_worker", factories.BASE)
    return signed_in(visit(), worker)


def photograph(phone, *pictures):
    phone.page.locator("input[type=file]").last.set_input_files(
        [
            {"name": f"IMG_{at}.jpg", "mimeType": "image/jpeg", "buffer": each}
            for at, each in enumerate(pictures)
        ]
    )
    phone.reads(f"已选 {len(pictures)} 张")


def test_what_has_come_is_not_sent_again(phone):
    factories.make_minor(name="路灯不亮")
    phone.open(f"{reverse('snapshot')}?for=1&at={factories.BASE}")
    wire = Wire(phone, breaks_at=3)
    photograph(phone, detailed(1600, 1200), detailed(900, 700))
    phone.choose("路灯不亮")
    phone.press("提交")
    phone.reads("1 件没有发出", "照片 2 张", "网络不稳，等着再发，照片已传")
    assert len(wire.pieces) == 3 and not Incident.objects.exists()
    there = PhotoUpload.objects.get().size
    assert there == sum(size for _, _, size in wire.pieces)

    # On another page, which knows nothing of the first but what the phone kept.
    wire.breaks_at = None
    phone.open("/")
    back_online(phone)
    expect(phone.page.locator("[data-outbox-rows]")).to_contain_text("已上报")
    sizes = wire.gapless()
    photos = Incident.objects.get().photos.order_by("pk")
    assert [(each.width, each.height) for each in photos] == [(1600, 1200), (900, 700)]
    assert len(sizes) == 2 and min(sizes.values()) > 100_000
    # The phone has heard it, and what was kept there for a repeat is gone.
    expect(phone.page.locator("[data-outbox-count]")).to_have_text("都已发出")
    gone(phone)


def test_a_form_that_is_mended_does_not_send_its_pictures_again(phone):
    factories.make_minor(name="路灯不亮")
    phone.open(f"{reverse('snapshot')}?for=1&at={factories.BASE}")
    wire = Wire(phone, breaks_at=None)
    photograph(phone, detailed(900, 700))
    phone.choose("路灯不亮")
    phone.page.get_by_text("其他类别、有危险").click()
    phone.page.get_by_label("反映人电话").fill("12")
    phone.press("提交")
    phone.reads("还有 1 处需要修改")
    sent = list(wire.pieces)
    phone.page.get_by_label("反映人电话").fill("13800000000")
    phone.press("提交")
    phone.reads("已上报")
    assert wire.pieces == sent and wire.gapless()
    assert Incident.objects.get().photos.count() == 1


def test_what_is_given_up_is_given_up_on_the_platform_too(phone):
    phone.open(f"{reverse('snapshot')}?for=1&at={factories.BASE}")
    wire = Wire(phone, breaks_at=2)
    photograph(phone, detailed(1600, 1200))
    phone.press("提交")
    phone.reads("1 件没有发出")
    assert PhotoUpload.objects.exists() and wire.pieces
    phone.page.once("dialog", lambda dialog: dialog.accept())
    phone.page.get_by_role("button", name="放弃").click()
    expect(phone.page.get_by_text("发件箱")).to_be_hidden()
    gone(phone)


def test_what_only_waits_does_not_push_the_page_down(phone):
    minors = [factories.make_minor() for _ in range(3)]
    phone.open(f"{reverse('snapshot')}?for=1&at={factories.BASE}")
    phone.context.set_offline(True)
    for _ in range(5):
        phone.choose(minors[0].name)
        phone.press("提交")
    phone.reads("5 件没有发出")
    rows = phone.page.locator("[data-outbox-rows] > li:visible")
    expect(rows).to_have_count(3)
    phone.press("再看 2 件")
    expect(rows).to_have_count(5)
    back_online(phone)
    expect(phone.page.locator("[data-outbox-count]")).to_have_text("都已发出")
    assert Incident.objects.count() == 5
