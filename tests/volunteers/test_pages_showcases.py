"""The wall, the stories on it, and their pictures: what is public, and what is not."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from governance.flow import Refused
from governance.templatetags import ui
from tests import factories
from tests.pictures import jpeg
from tests.standing import standing
from volunteers.flow import ORDERS, SHOWCASES
from volunteers.models import OrderPhoto, Showcase, ShowcasePhoto
from volunteers.services.showcases import revise_showcase, submit_showcase

pytestmark = pytest.mark.django_db

STORY = {"title": "上门理发", "story": "一早出发，忙到中午。", "consent": "oral", "signature": ""}


def picture(name: str = "a.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, jpeg(), "image/jpeg")


@standing
def volunteer(secretary):
    return factories.make_volunteer(approved_by=secretary)


def serve(volunteer, secretary, **fields):
    """Return an order that this volunteer has just served."""
    now = timezone.now()
    order = factories.make_order(wanted_from=now - timedelta(minutes=5), **fields)
    order = factories.open_order(order, by=secretary)
    for action in ("claim", "check_in", "check_out"):
        order = ORDERS.run(order, action, by=volunteer.applicant, code=order.code)
    return order


@standing
def order(volunteer, secretary):
    return serve(volunteer, secretary, address="301 室", photos=[picture()])


@pytest.fixture
def story(client, order, volunteer):
    client.force_login(volunteer.applicant)
    today = timezone.localdate().isoformat()
    client.post(
        reverse("showcase_new", args=[order.number]),
        STORY | {"consent_day": today, "photos": [picture(), picture()]},
    )
    return Showcase.objects.get()


def publish(story, secretary):
    story.refresh_from_db()
    return SHOWCASES.run(story, "approve", by=secretary)


def test_a_story_is_written_reviewed_and_shown(client, story, secretary):
    assert story.photos.count() == 2 and story.status == "submitted"
    client.logout()
    assert client.get(story.get_absolute_url()).status_code == 404
    assert story.title not in client.get(reverse("wall")).content.decode()
    publish(story, secretary)
    for address in (reverse("wall"), f"{reverse('wall')}?in={factories.COMMUNITY}", story.get_absolute_url()):
        assert story.title in client.get(address).content.decode()
    assert story.title not in client.get(f"{reverse('wall')}?in={factories.OTHER_STREET}").content.decode()


def test_the_wall_names_nobody_who_did_not_sign(client, story, volunteer, order, secretary):
    publish(story, secretary)
    client.logout()
    for address in (reverse("wall"), story.get_absolute_url()):
        page = client.get(address).content.decode()
        assert "一位志愿者" in page
        for hidden in (
            volunteer.applicant_name, volunteer.applicant_phone, order.beneficiary_name, order.beneficiary_phone,
            order.address, order.number, volunteer.number,
        ):  # fmt: skip
            assert hidden not in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "\0"),
        ("title", "题" * 81),
        ("story", ""),
        ("story", "x" * 2001),
        ("consent", ""),
        ("consent", "maybe"),
        ("consent_day", "2999-01-01"),
        ("consent_day", "0001-01-01"),
        ("consent_day", "昨天"),
        ("photos", [SimpleUploadedFile("a.jpg", b"no picture")]),
        ("photos", [SimpleUploadedFile("a.jpg", b"")]),
        ("photos", [SimpleUploadedFile(f"{n}.jpg", jpeg()) for n in range(10)]),
    ],
)
def test_a_wrong_story_is_refused_at_its_field(client, order, volunteer, field, value):
    client.force_login(volunteer.applicant)
    data = STORY | {"consent_day": timezone.localdate().isoformat(), field: value}
    answer = client.post(reverse("showcase_new", args=[order.number]), data)
    assert answer.status_code == 200 and field in answer.context["form"].errors
    assert not Showcase.objects.exists() and not ShowcasePhoto.objects.exists()


def test_the_day_of_consent_is_asked_for_where_someone_agreed_and_kept_only_then(client, order, volunteer):
    client.force_login(volunteer.applicant)
    address = reverse("showcase_new", args=[order.number])
    for consent in ("oral", "written"):
        refused = client.post(address, STORY | {"consent": consent, "consent_day": ""})
        assert refused.context["form"].errors["consent_day"] == ["请填写哪一天同意的。"]
    client.post(address, STORY | {"consent": "nobody", "consent_day": "昨天"})
    story = Showcase.objects.get()
    assert (story.consent, story.consent_at) == ("nobody", None)
    assert "不涉及受助人形象和姓名</dd>" in client.get(story.get_absolute_url()).content.decode()
    revise = reverse("showcase_action", args=[story.number, "revise"])
    data = STORY | {"version": story.version, "consent": "written", "consent_day": ""}
    assert "consent_day" in client.post(revise, data).context["form"].errors
    client.post(revise, data | {"consent_day": "2026-11-20"})
    story.refresh_from_db()
    assert timezone.localtime(story.consent_at).date().isoformat() == "2026-11-20"
    with pytest.raises(Refused, match="哪一天同意"):
        revise_showcase(
            story, by=volunteer.applicant, title="一", story="二", consent="oral", consent_at=None
        )


def test_the_reviewer_sees_the_day_of_consent_without_a_time(client, story, secretary):
    client.force_login(secretary)
    page = client.get(reverse("admin:volunteers_showcase_change", args=[story.pk])).content.decode()
    assert f"受助人口头同意，{ui.cn_date(story.consent_at)}<" in page


def test_a_broken_picture_is_named_with_the_other_mistakes(client, order, volunteer, secretary):
    client.force_login(volunteer.applicant)
    address, wrong = reverse("showcase_new", args=[order.number]), b"no picture"
    data = STORY | {"title": "", "consent_day": timezone.localdate().isoformat()}
    answer = client.post(address, data | {"photos": [SimpleUploadedFile("坏.jpg", wrong)]})
    assert set(answer.context["form"].errors) == {"title", "photos"}
    assert "照片要重新选择" in answer.content.decode()
    client.post(address, data | {"title": "上门理发"})
    revise = reverse("showcase_action", args=[Showcase.objects.get().number, "revise"])
    data |= {"version": 1, "photos": [SimpleUploadedFile("坏.jpg", wrong)]}
    assert set(client.post(revise, data).context["form"].errors) == {"title", "photos"}


def test_only_who_served_may_tell_and_once(client, order, volunteer, story, secretary):
    address = reverse("showcase_new", args=[order.number])
    assert client.get(address)["Location"] == story.get_absolute_url()
    client.force_login(factories.make_volunteer(approved_by=secretary).applicant)
    assert client.get(address).status_code == 404
    client.force_login(order.applicant)
    assert client.get(address).status_code == 404


def test_a_returned_story_is_mended_pictures_too(
    client, story, secretary, django_capture_on_commit_callbacks
):
    SHOWCASES.run(story, "return_back", by=secretary, note="第一张拍到了门牌")
    page = client.get(story.get_absolute_url()).content.decode()
    assert "第一张拍到了门牌" in page
    story.refresh_from_db()
    first, second = story.photos.all()
    stored = first.image.storage, first.image.name
    data = STORY | {
        "version": story.version, "title": "改好了", "consent_day": timezone.localdate().isoformat(),
        "drop": [first.pk], "photos": [picture()],
    }  # fmt: skip
    address = reverse("showcase_action", args=[story.number, "revise"])
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(address, data)["Location"] == story.get_absolute_url()
    data["photos"] = [picture()]
    client.post(address, data)  # the same request again adds nothing
    story.refresh_from_db()
    assert (story.title, story.status, story.photos.count()) == ("改好了", "submitted", 2)
    assert second in story.photos.all() and not stored[0].exists(stored[1])


def test_a_story_can_be_taken_back(client, story, secretary):
    story = publish(story, secretary)
    client.post(reverse("showcase_action", args=[story.number, "retract"]), {"version": story.version})
    client.logout()
    assert client.get(story.get_absolute_url()).status_code == 404
    assert story.title not in client.get(reverse("wall")).content.decode()


# --- pictures ------------------------------------------------------------------------------------------------------------
def test_a_picture_is_seen_by_whoever_may_see_the_whole(client, order, story, volunteer, secretary):
    private, public = OrderPhoto.objects.get(), story.photos.first()

    def status(user, photo) -> int:
        client.logout()
        if user is not None:
            client.force_login(user)
        return client.get(photo.url).status_code

    stranger, elsewhere = factories.make_user(), factories.make_staff("community_secretary", factories.FAR)
    assert [status(user, private) for user in (None, stranger, elsewhere)] == [404, 404, 404]
    assert [status(user, private) for user in (order.applicant, volunteer.applicant, secretary)] == [
        200,
        200,
        200,
    ]
    assert status(None, public) == 404
    story = publish(story, secretary)
    assert status(None, public) == 200
    SHOWCASES.run(story, "withdraw", by=secretary, note="本人要求")
    assert status(None, public) == 404


def test_a_picture_is_served_as_a_picture_and_nothing_else(client, order, secretary):
    client.force_login(secretary)
    photo = OrderPhoto.objects.get()
    for address in (photo.url, photo.thumb_url):
        answer = client.get(address)
        assert (
            answer["Content-Type"] == "image/jpeg" and b"".join(answer.streaming_content)[:2] == b"\xff\xd8"
        )
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "private" in answer["Cache-Control"] and answer["Content-Disposition"].startswith("inline")


@pytest.mark.parametrize(
    "path",
    [
        "volunteers/order/0123456789/large/",
        "governance/user/0123456789/large/",
        "nothing/at_all/0123456789/large/",
        "volunteers/orderphoto/..%2F..%2Fetc/large/",
        "volunteers/orderphoto/%00%00%00%00%00%00%00%00%00%00/large/",
        "volunteers/orderphoto/0123456789/large/",
    ],
)
def test_no_other_file_comes_out_of_there(client, secretary, path):
    client.force_login(secretary)
    assert client.get(f"/files/{path}").status_code == 404


def test_the_wall_asks_the_database_as_often_for_ten_as_for_one(client, volunteer, secretary):
    item = factories.make_item()

    def show() -> None:
        served = serve(volunteer, secretary, item=item)
        story = submit_showcase(
            served, by=volunteer.applicant, title="故事", story="经过", consent="nobody", consent_at=timezone.now(),
            photos=[picture()],
        )  # fmt: skip
        publish(story, secretary)

    def count() -> int:
        client.get(reverse("wall"))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("wall"))
        return len(queries)

    show()
    before = count()
    for _ in range(9):
        show()
    assert count() == before
