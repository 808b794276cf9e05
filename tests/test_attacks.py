"""What was once possible and must not be: each test is an attack that worked, by the person who could make it."""

import io
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from governance.files import clean_picture
from governance.flow import FlowError
from tests import factories
from tests.api.conftest import client_of
from tests.cast import make_cast
from tests.pictures import jpeg
from volunteers.flow import ORDERS, REGISTRATION, SHOWCASES
from volunteers.services.hours import adjust_hours
from volunteers.services.registration import register_volunteer
from volunteers.services.showcases import submit_showcase

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def found(client, path: str) -> list[str]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.content
    return [row["number"] for row in answer.json()["results"]]


def served_order(helper, resident, secretary):
    """An order that the volunteer has served and nobody has confirmed yet."""
    began = timezone.now() - timedelta(minutes=30)
    order = factories.open_order(factories.make_order(by=resident, wanted_from=began), by=secretary)
    for action in ("claim", "check_in", "check_out"):
        order = ORDERS.run(order, action, by=helper.applicant, code=order.code)
    return order


def as_volunteer(secretary):
    """The secretary is a volunteer of her own community too, approved by the street."""
    street = factories.make_staff("street_officer", factories.STREET)
    mine = register_volunteer(
        secretary,
        name=secretary.name,
        birth_date=timezone.localdate() - timedelta(days=40 * 365),
        grid=factories.make_grid(factories.BASE),
    )
    mine = REGISTRATION.run(mine, "approve", by=street)
    secretary.__dict__.pop("posts_in_force")  # she holds one more
    return mine


# --- guessing at masked columns by searching ------------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_hall_cannot_be_searched_by_whom_an_order_is_for(secretary):
    resident = factories.make_user("欧阳明月", phone="13800135678")
    order = factories.open_order(factories.make_order(by=resident, description="请带梯子"), by=secretary)
    volunteer = factories.make_volunteer(approved_by=secretary).applicant
    client = client_of(volunteer)
    assert found(client, "/api/v1/orders/?q=梯子") == [order.number]
    assert found(client, f"/api/v1/orders/?q={order.number}") == [order.number]
    for guess in ("欧阳明月", "明月", "5678", "梯子 明月"):
        assert found(client, f"/api/v1/orders/?q={guess}") == [], guess
    # Once she may call, she may also find.
    ORDERS.run(order, "claim", by=volunteer)
    assert found(client, "/api/v1/orders/?q=明月 梯子") == [order.number]
    assert found(client_of(secretary), "/api/v1/orders/?q=5678") == [order.number]


@pytest.mark.django_db
def test_the_wall_cannot_be_searched_by_its_authors_phone(secretary):
    helper = factories.make_volunteer(approved_by=secretary)
    order = served_order(helper, factories.make_user(), secretary)
    ORDERS.run(order, "confirm", by=secretary)
    showcase = submit_showcase(
        order, by=helper.applicant, title="修好了水管", story="上午去的", consent="oral",
        consent_at=timezone.now(),
    )  # fmt: skip
    SHOWCASES.run(showcase, "approve", by=secretary)
    stranger = client_of(None)
    assert found(stranger, "/api/v1/showcases/?q=水管") == [showcase.number]
    assert found(stranger, f"/api/v1/showcases/?q={helper.applicant_phone[-4:]}") == []


@pytest.mark.django_db
def test_the_desk_list_cannot_be_searched_by_what_it_masks(client, secretary):
    resident = factories.make_user("欧阳明月", phone="13800135678")
    order = factories.make_order(by=resident, description="请带梯子")
    head = factories.make_staff("district_head", factories.DISTRICT)
    for user, word, seen in (
        (head, "明月", False),
        (head, "5678", False),
        (head, "梯子", True),
        (secretary, "明月", True),
    ):
        client.force_login(user, backend=BACKEND)
        page = client.get("/admin/volunteers/order/", {"q": word})
        assert (order in page.context["cl"].result_list) is seen, (user, word)


# --- nobody decides on her own matter ---------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_nobody_approves_her_own_registration(secretary):
    mine = register_volunteer(
        secretary,
        name=secretary.name,
        birth_date=timezone.localdate() - timedelta(days=40 * 365),
        grid=factories.make_grid(factories.BASE),
    )
    with pytest.raises(FlowError, match="本人"):
        REGISTRATION.run(mine, "approve", by=secretary)
    assert "approve" not in {action.name for action in REGISTRATION.available(mine, secretary)}


@pytest.mark.django_db
def test_nobody_confirms_her_own_service_or_enters_her_own_times(secretary):
    mine = as_volunteer(secretary)
    order = served_order(mine, factories.make_user(), secretary)
    with pytest.raises(FlowError, match="本人"):
        ORDERS.run(order, "confirm", by=secretary)
    assert "confirm" not in {action.name for action in ORDERS.available(order, secretary)}
    ORDERS.run(order, "confirm", by=order.applicant)

    began = timezone.now() - timedelta(hours=3)
    other = factories.make_order(wanted_from=began, wanted_until=timezone.now() + timedelta(hours=1))
    other = ORDERS.run(factories.open_order(other, by=secretary), "claim", by=secretary)
    with pytest.raises(FlowError, match="本人"):
        ORDERS.run(
            other, "enter_times", by=secretary, note="忘记签到", claim=other.claims.get(),
            checked_in_at=began, checked_out_at=began + timedelta(hours=2),
        )  # fmt: skip


@pytest.mark.django_db
def test_nobody_corrects_her_own_hours(secretary):
    mine = as_volunteer(secretary)
    with pytest.raises(ValidationError, match="本人"):
        adjust_hours(mine, 20, by=secretary, reason="补记去年的服务")
    assert not mine.hours.exists()


@pytest.mark.django_db
def test_nobody_publishes_her_own_story(secretary):
    mine = as_volunteer(secretary)
    order = served_order(mine, factories.make_user(), secretary)
    ORDERS.run(order, "confirm", by=order.applicant)
    showcase = submit_showcase(
        order, by=secretary, title="一次服务", story="上午去的", consent="oral", consent_at=timezone.now()
    )
    with pytest.raises(FlowError, match="本人"):
        SHOWCASES.run(showcase, "approve", by=secretary)
    assert "approve" not in {action.name for action in SHOWCASES.available(showcase, secretary)}


# --- relations that outlived their reason -------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_suspended_volunteer_accepts_no_invitation(secretary):
    volunteer = factories.make_volunteer(approved_by=secretary)
    order = ORDERS.run(factories.make_order(), "assign_people", by=secretary, volunteers=[volunteer])
    REGISTRATION.run(volunteer, "suspend", by=secretary, note="投诉核实中")
    with pytest.raises(FlowError, match="在册"):
        ORDERS.run(order, "agree", by=volunteer.applicant)


@pytest.mark.django_db
def test_who_was_named_by_mistake_loses_the_order_when_the_phone_is_corrected(secretary):
    wrong, right = factories.make_user("错号"), factories.make_user("对号")
    order = factories.make_order(beneficiary_name="奶奶", beneficiary_phone=wrong.phone, address="301 室")
    assert wrong.may("code", order)
    ORDERS.run(order, "amend", by=order.applicant, beneficiary_phone=right.phone)
    order.refresh_from_db()
    assert not wrong.may("view", order)
    assert right.may("confirm", order)


@pytest.mark.django_db
def test_pictures_are_added_only_while_the_order_may_be_amended(secretary):
    helper = factories.make_volunteer(approved_by=secretary)
    order = served_order(helper, factories.make_user(), secretary)
    ORDERS.run(order, "confirm", by=order.applicant)
    answer = client_of(order.applicant).post(
        f"/api/v1/orders/{order.number}/photos/",
        {"photos": [SimpleUploadedFile("a.jpg", jpeg())]},
        format="multipart",
        HTTP_IDEMPOTENCY_KEY="late-picture",
    )
    assert answer.status_code == 400, answer.content
    assert not order.photos.exists()


@pytest.mark.django_db
def test_no_registration_in_a_grid_that_is_no_longer_in_force(secretary):
    grid = factories.make_grid(factories.BASE)
    grid.valid_until = timezone.localdate()
    grid.save()
    with pytest.raises(FlowError, match="停用"):
        register_volunteer(
            factories.make_user(),
            name="某人",
            birth_date=timezone.localdate() - timedelta(days=40 * 365),
            grid=grid,
        )


# --- keys to the desk --------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_an_account_that_signs_in_by_phone_holds_no_post_of_the_office(client, territory):
    keeper = factories.make_staff("security_administrator", factories.DISTRICT)
    resident = factories.make_user("王建国")
    client.force_login(keeper, backend=BACKEND)
    answer = client.post(
        "/admin/governance/post/add/",
        {
            "user": resident.pk, "role": "community_secretary", "grid": factories.COMMUNITY, "unit": "",
            "valid_from": timezone.localdate().isoformat(), "valid_until": "", "note": "换届",
        },
    )  # fmt: skip
    assert answer.status_code == 200
    assert "工作人员账号" in answer.content.decode()
    assert not resident.posts.exists()


@pytest.mark.django_db
def test_a_history_names_no_resident(client, secretary):
    volunteer = factories.make_volunteer(approved_by=secretary)
    volunteer.applicant.name = "欧阳明月"
    volunteer.applicant.save()
    answer = client_of(volunteer.applicant).patch(
        f"/api/v1/volunteers/{volunteer.number}/", {"reach": "district"}, format="json"
    )
    assert answer.status_code == 200, answer.content
    latest = volunteer.history.first()
    latest.history_user = volunteer.applicant
    latest.save()
    client.force_login(factories.make_staff("district_head", factories.DISTRICT), backend=BACKEND)
    page = client.get(f"/admin/volunteers/volunteer/{volunteer.pk}/history/")
    assert page.status_code == 200
    assert "明月" not in page.content.decode()


# --- hostile files ------------------------------------------------------------------------------------------------------------
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_a_picture_with_broken_metadata_is_refused_or_cleaned_but_never_an_error():
    facts = Image.Exif()
    facts[0x0112], facts[0x010E] = 6, "hello"
    facts[0x8769] = {36867: "2020:01:01 00:00:00"}
    whole = io.BytesIO()
    Image.new("RGB", (64, 48)).save(whole, "WEBP", exif=facts.tobytes())
    for position in range(len(whole.getvalue())):
        broken = bytearray(whole.getvalue())
        broken[position] = 0
        try:
            large, small = clean_picture(SimpleUploadedFile("a.jpg", bytes(broken)))
        except ValidationError:
            continue
        assert large[:2] == small[:2] == b"\xff\xd8"


@pytest.mark.django_db
@pytest.mark.parametrize("ticked", ["../../etc/passwd", "{{7*7}}", "%00", "\0", "9" * 400, ""])
def test_a_row_that_cannot_be_is_no_row_of_a_bulk_action(client, secretary, ticked):
    factories.make_order()
    client.force_login(secretary, backend=BACKEND)
    answer = client.post(
        "/admin/volunteers/order/", {"action": "bulk_open_claims", "_selected_action": ticked}
    )
    assert answer.status_code in (200, 302)


@pytest.mark.django_db
def test_a_filter_with_what_no_text_can_hold_shows_the_list_without_it(client, secretary):
    client.force_login(secretary, backend=BACKEND)
    answer = client.get("/admin/grids/grid/", {"kind__exact": "\0"}, follow=True)
    assert answer.status_code == 200
    assert "没有这样的筛选条件" in answer.content.decode()


def test_a_story_on_the_wall_does_not_tell_the_base_grid(db):
    cast = make_cast()
    assert cast.shown.grid_id == factories.COMMUNITY
    assert cast.shown.order.grid_id == factories.BASE
