"""Centres, committees and mediators at the desk: whose rows, what the law's hints say, what stays masked."""

import io
from datetime import date, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from governance.models import AccessEvent, User
from mediation import composition
from mediation.models import Centre, Committee, DutyShift, Mediator, Member, Relation, Room
from tests import disputes, factories
from tests.standing import standing

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def enter(client, role: str, code: str) -> User:
    user = factories.make_staff(role, code)
    client.force_login(user, backend=BACKEND)
    return user


def page(model: str, name: str = "changelist", *args) -> str:
    return reverse(f"admin:mediation_{model}_{name}", args=args)


def words(client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


@standing
def here(territory) -> Mediator:
    """A centre with a room, a committee of three, a mediator; another street has the same."""
    for code, name in ((factories.COMMUNITY, "崔近"), (factories.FAR, "崔远")):
        mediator = disputes.make_mediator(code)
        mediator.user.name = name
        mediator.user.save()
        for place, duty in enumerate(("director", "member", "member")):
            Member.objects.create(
                committee=mediator.committee, name=f"{name}委员{place}", duty=duty, is_woman=place == 1
            )
    return Mediator.objects.get(user__name="崔近")


# --- whose rows ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("model", ["centre", "committee", "mediator"])
def test_a_list_begins_with_ones_own_and_the_form_of_another_place_cannot_be_saved(client, here, model):
    enter(client, "justice_officer", factories.STREET)
    rows = {"centre": Centre, "committee": Committee, "mediator": Mediator}[model].objects
    ours, far = rows.get(grid=factories.COMMUNITY), rows.get(grid=factories.FAR)
    listed = client.get(page(model)).context["cl"].result_list
    assert [row.pk for row in listed] == [ours.pk]
    assert len(client.get(page(model) + "?scope=all").context["cl"].result_list) == 2
    assert client.get(page(model, "change", far.pk)).status_code == 200  # public, to read
    assert client.post(page(model, "change", far.pk), {"name": "改"}).status_code in (403, 404)


def test_who_has_nothing_to_do_with_mediation_has_no_such_pages(client, here):
    enter(client, "grid_worker", factories.BASE)
    for model in ("centre", "committee", "mediator"):
        assert client.get(page(model)).status_code == 404
    assert "矛调中心" not in words(client, reverse("admin:index"))


def test_who_watches_reads_and_does_not_write(client, here):
    enter(client, "community_secretary", factories.COMMUNITY)
    assert client.get(page("mediator", "add")).status_code in (403, 404)
    assert client.get(page("mediator", "export")).status_code == 404
    assert "登记须回避的关系" not in words(client, page("mediator", "change", here.pk))


def test_a_register_offers_the_accounts_appointed_within_reach(client, here):
    candidate = factories.make_staff("mediator", factories.COMMUNITY)
    beyond = factories.make_staff("mediator", factories.FAR)
    enter(client, "mediation_director", factories.COMMUNITY)
    choices = client.get(page("mediator", "add")).context["adminform"].form.fields["user"].queryset
    assert candidate in choices and beyond not in choices


def test_a_mediator_is_entered_at_the_place_of_her_committee(client, here):
    candidate = factories.make_staff("mediator", factories.COMMUNITY)
    enter(client, "justice_officer", factories.STREET)
    given = {
        "user": candidate.pk,
        "committee": here.committee_id,
        "specialities": ["family", "property"],
        "since": "2026-01-01",
        "is_active": "on",
    }
    parts = {"relations-TOTAL_FORMS": 0, "relations-INITIAL_FORMS": 0}
    assert client.post(page("mediator", "add"), given | parts).status_code == 302
    made = Mediator.objects.get(user=candidate)
    assert (made.grid_id, made.specialities) == (factories.COMMUNITY, ["family", "property"])
    far = Committee.objects.get(grid=factories.FAR)
    assert client.post(page("mediator", "add"), given | parts | {"committee": far.pk}).status_code == 200
    assert not Mediator.objects.filter(user=candidate, committee=far).exists()


# --- centres ------------------------------------------------------------------------------------------------------------
def test_a_new_street_centre_has_the_usual_roster(client, territory):
    enter(client, "justice_officer", factories.STREET)
    given = {
        "name": "西于庄街道矛调中心",
        "short_name": "西于庄",
        "grid": factories.STREET,
        "is_active": "on",
    }
    assert client.post(page("centre", "add"), given).status_code == 302
    days = {}
    for shift in DutyShift.objects.all():
        days.setdefault(shift.body, []).append(shift.weekday)
    assert days == {
        "人民法院": [0, 1],
        "人民检察院": [2],
        "司法所": [3, 4],
        "派出所": [0, 1, 2, 3, 4, 5, 6],
    }


def test_a_centre_stands_at_a_community_a_street_or_the_district(client, territory):
    enter(client, "justice_officer", factories.STREET)
    given = {"name": "网格矛调中心", "short_name": "网格", "grid": factories.BASE, "is_active": "on"}
    assert client.post(page("centre", "add"), given).status_code == 200
    assert not Centre.objects.exists()


def test_rooms_and_shifts_are_kept_on_the_centres_page(client, here):
    enter(client, "mediation_director", factories.COMMUNITY)
    centre = here.committee.centre
    given = {
        "name": centre.name, "is_active": "on",
        "rooms-TOTAL_FORMS": 1, "rooms-INITIAL_FORMS": 0, "rooms-0-name": "物业调解室",
        "rooms-0-categories": ["property"], "rooms-0-is_active": "on", "rooms-0-centre": centre.pk,
        "shifts-TOTAL_FORMS": 1, "shifts-INITIAL_FORMS": 0, "shifts-0-weekday": 2, "shifts-0-body": "社区民警",
        "shifts-0-begins": "09:00", "shifts-0-ends": "11:00", "shifts-0-centre": centre.pk,
    }  # fmt: skip
    assert client.post(page("centre", "change", centre.pk), given).status_code == 302
    assert Room.objects.get().categories == ["property"]
    assert DutyShift.objects.get().begins == time(9)
    answer = client.post(
        page("centre", "change", centre.pk),
        given | {"rooms-TOTAL_FORMS": 0, "shifts-0-ends": "08:00", "shifts-0-body": "区法院"},
    )
    assert "结束时间要晚于开始时间" in answer.content.decode() and DutyShift.objects.count() == 1


# --- what the law asks --------------------------------------------------------------------------------------------------
def texts(hints) -> str:
    return " ".join(hint.text for hint in hints)


def committee(**fields) -> Committee:
    return disputes.make_committee(**{"notified_on": timezone.localdate() + timedelta(days=1), **fields})


def hints_of(committee: Committee) -> list:
    return composition.of_committee(committee, committee.members.all(), timezone.localdate())


def test_a_sound_committee_has_no_hints(territory):
    row = committee()
    for place in range(3):
        Member.objects.create(
            committee=row, name=f"委员{place}", duty="member" if place else "director", is_woman=place == 1
        )
    assert hints_of(row) == []


def test_the_law_is_named_where_the_composition_lacks_something(territory):
    row = committee(is_mixed=True)
    Member.objects.create(committee=row, name="委员")
    found = hints_of(row)
    assert {hint.article[:3] for hint in found} == {"第八条"}
    for said in ("1 人", "没有主任", "没有妇女", "人数较少民族"):
        assert said in texts(found)
    Member.objects.bulk_create(Member(committee=row, name=f"委员{n}") for n in range(9))
    assert "10 人" in texts(hints_of(row))


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        (-1000, 50, "请准备换届"),
        (-1100, -5, "请换届"),
        (-10, 1200, "超过三年"),
        (-100, 900, ""),
    ],
)
def test_a_terms_end_is_told_in_time(territory, since, until, said):
    today = timezone.localdate()
    row = committee(term_from=today + timedelta(days=since), term_until=today + timedelta(days=until))
    found = texts(composition.of_term(row, today))
    assert said in found if said else not found


def test_three_years_to_the_day_are_three_years():
    assert composition.years_later(date(2024, 2, 29), 3) == date(2027, 3, 1)
    row = Committee(term_from=date(2026, 5, 4), term_until=date(2029, 5, 4))
    assert composition.of_term(row, date(2026, 6, 1)) == []


def test_who_joined_or_left_since_the_court_was_told_is_to_be_filed(territory, time_machine):
    time_machine.move_to("2026-11-20T10:00:00+08:00", tick=False)
    told = timezone.localdate()
    row = committee(notified_on=told)
    assert composition.of_notice(row, told) == []
    time_machine.shift(timedelta(days=3))
    joined = Member.objects.create(committee=row, name="新来的")
    mediator = disputes.make_mediator()
    mediator.phone = "022-00001111"
    mediator.save()  # no change of who there is
    joined.delete()
    (hint,) = composition.of_notice(row, timezone.localdate())
    assert "增加委员新来的" in hint.text and "减少委员新来的" in hint.text
    assert hint.text.count("调解员") == 1 and not hint.late
    assert composition.with_changes(Committee.objects.all()).get().changed
    (hint,) = composition.of_notice(row, timezone.localdate() + timedelta(days=31))
    assert hint.late
    row.notified_on = timezone.localdate()
    row.save()
    assert composition.of_notice(row, timezone.localdate()) == []
    assert not composition.with_changes(Committee.objects.all()).get().changed


def test_hints_are_shown_and_refuse_nothing(client, here):
    enter(client, "justice_officer", factories.STREET)
    row = here.committee
    Member.objects.filter(committee=row, is_woman=True).delete()
    text = words(client, page("committee", "change", row.pk))
    assert "没有妇女委员" in text and "第八条" in text and "还没有通报法院" in text
    given = {
        "name": row.name, "kind": row.kind, "centre": row.centre_id, "term_from": row.term_from,
        "term_until": row.term_until, "is_active": "on", "members-TOTAL_FORMS": 0, "members-INITIAL_FORMS": 0,
    }  # fmt: skip
    assert client.post(page("committee", "change", row.pk), given).status_code == 302


def test_a_mediator_without_a_post_is_pointed_out(client, here):
    assert composition.of_mediator(here, timezone.localdate()) != []
    here.specialities = ["family"]
    assert composition.of_mediator(here, timezone.localdate()) == []
    here.user = factories.make_user(staff=True)
    assert "岗位" in texts(composition.of_mediator(here, timezone.localdate()))


# --- relations ----------------------------------------------------------------------------------------------------------
def test_relations_are_masked_to_whoever_keeps_the_register(client, here):
    row = Relation.objects.create(mediator=here, kind="kin", name="欧阳某某", phone="19912345678")
    enter(client, "mediation_director", factories.COMMUNITY)
    text = words(client, page("mediator", "change", here.pk))
    assert "欧**" in text and "199 **** 5678" in text
    assert "欧阳某某" not in text and "19912345678" not in text
    given = {
        "specialities": ["family"], "since": here.since, "is_active": "on",
        "relations-TOTAL_FORMS": 1, "relations-INITIAL_FORMS": 1, "relations-0-id": row.pk,
        "relations-0-mediator": here.pk, "relations-0-DELETE": "on",
        "relations-2-TOTAL_FORMS": 1, "relations-2-INITIAL_FORMS": 0, "relations-2-0-kind": "household",
        "relations-2-0-name": "司马某", "relations-2-0-mediator": here.pk,
    }  # fmt: skip
    assert client.post(page("mediator", "change", here.pk), given).status_code == 302
    assert [(row.kind, row.name) for row in Relation.objects.all()] == [("household", "司马某")]


def test_relations_of_another_place_are_not_shown_at_all(client, here):
    Relation.objects.create(mediator=here, kind="kin", name="欧阳某某", phone="19912345678")
    enter(client, "mediation_director", factories.FAR)
    text = words(client, page("mediator", "change", here.pk))
    assert "欧" not in text and "5678" not in text
    assert not Relation.objects.restrict(here.user).exists()


# --- the Excel table ----------------------------------------------------------------------------------------------------
def test_the_register_leaves_as_a_table_of_ones_own_place_and_is_logged(client, here):
    Relation.objects.create(mediator=here, kind="kin", name="欧阳某某", phone="19912345678")
    enter(client, "justice_officer", factories.STREET)
    url = page("mediator", "export") + "?scope=all"
    assert client.post(url, {"reason": ""}).status_code == 200
    answer = client.post(url, {"reason": "年度名册公示"})
    sheet = load_workbook(io.BytesIO(answer.content)).active
    cells = [list(row) for row in sheet.iter_rows(values_only=True)]
    assert cells[0][:2] == ["姓名", "调委会"] and [row[0] for row in cells[1:]] == ["崔近"]
    assert not any("欧阳" in str(cell) or here.user.phone in str(cell) for row in cells for cell in row)
    assert AccessEvent.objects.filter(kind="export", reason="年度名册公示").exists()


# --- queries ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("model", ["centre", "committee", "mediator"])
def test_lists_ask_as_often_for_one_row_as_for_many(client, here, model):
    enter(client, "justice_officer", factories.STREET)

    def asked() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert client.get(page(model)).status_code == 200
        return len(caught)

    asked()
    one = asked()
    for number in range(3, 9):
        code = f"{factories.STREET}{number:03d}"
        mediator = disputes.make_mediator(code)
        Member.objects.create(committee=mediator.committee, name="委员")
        Room.objects.create(centre=mediator.committee.centre, name="调解室")
    assert asked() == one
