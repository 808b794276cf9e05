"""The register of teams at the desk: whose lists they are, the forms, what is lacking, the figures and the table that is handed out."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from governance.appointments import appoint
from governance.models import AccessEvent, Post
from grids.models import Handover, TeamMember
from grids.services.handovers import list_again
from tests import factories, teams
from tests.cast import BACKEND
from tests.standing import standing

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate
LIST, ADD = "admin:grids_teammember_changelist", "admin:grids_teammember_add"


def enter(user) -> Client:
    client = Client()
    client.force_login(teams.fresh(user), backend=BACKEND)
    return client


def read(client: Client, name: str, *args, **query) -> str:
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200, (name, response.status_code)
    return response.content.decode()


def fields(**instead) -> dict:
    return {
        "grid": factories.BASE, "kind": "full_time", "name": "卫大姐", "duty": "", "employer": "", "phone": "", "since": str(TODAY()),
        "consented_on": "", "sort": "10", "account": "", **instead,
    }  # fmt: skip


@standing
def secretary(territory):
    return factories.make_staff("community_secretary", factories.COMMUNITY)


@standing
def desk(secretary):
    return enter(secretary)


# --- lists -----------------------------------------------------------------------------------------------------------
def test_a_list_is_of_ones_own_places_and_of_those_in_office(secretary, desk):
    teams.make_worker(secretary)
    teams.make_member(
        factories.make_staff("community_secretary", factories.FAR), code=factories.FAR_BASE, name="远方人"
    )
    gone = teams.make_member(secretary, name="离任人", since=TODAY() - timedelta(days=9))
    teams.end(gone, secretary, -1)
    teams.make_member(secretary, "leader", name="以后来", since=TODAY() + timedelta(days=9))
    text = read(desk, LIST)
    assert "卫大姐" in text and not any(name in text for name in ("远方人", "离任人", "以后来"))
    assert "离任人" in read(desk, LIST, term="past") and "以后来" in read(desk, LIST, term="ahead")
    assert "远方人" not in read(desk, LIST, term="all")
    assert "卫大姐" in read(desk, LIST, kind="workers") and "卫大姐" not in read(desk, LIST, kind="leader")


def test_what_a_line_lacks_is_found(secretary, desk):
    teams.make_worker(secretary, phone="022-27270001")
    teams.make_member(secretary, name="没岗位")
    teams.make_member(secretary, "micro", name="没同意")
    assert "没岗位" in (text := read(desk, LIST, missing="post")) and "卫大姐" not in text
    assert "卫大姐" not in read(desk, LIST, missing="phone")
    assert "没同意" in read(desk, LIST, missing="consent") and "没同意" in read(desk, LIST, missing="doors")


@pytest.mark.parametrize("query", [{"kind": "x"}, {"missing": "\0"}, {"term": "1" * 99}, {"q": "\0'\""}, {"place": "999999"}, {"user__phone": "1"}])  # fmt: skip
def test_hostile_queries_are_answered(desk, query):
    assert desk.get(reverse(LIST), query, follow=True).status_code == 200


def test_who_is_in_no_notice_is_masked_for_those_above(secretary):
    user = factories.make_user("李志愿", staff=True)
    member = teams.make_member(secretary, "volunteer", name="李志愿", phone="27279999", account=user.username)
    teams.make_worker(secretary, name="周公示")
    head = factories.make_staff("street_head", factories.STREET)
    above = enter(head)
    for text in (
        read(above, LIST),
        read(above, "admin:grids_teammember_change", member.pk),
        read(above, "admin:grids_grid_team", factories.BASE),
        read(above, "admin:grids_teammember_history", member.pk),
    ):
        assert "李志愿" not in text and "27279999" not in text
    assert "周公示" in read(above, LIST)
    # Nor does a search tell them.
    assert "李**" in read(above, LIST) and "李**" not in read(above, LIST, q="李志愿")
    assert "周公示" in read(above, LIST, q="周公示")
    address = reverse("admin:grids_teammember_reveal", args=[member.pk, "phone"])
    assert "27279999" in above.post(address, {"reason": "核对名单情况"}).content.decode()
    assert AccessEvent.objects.filter(kind=AccessEvent.Kind.REVEAL).count() == 1
    assert (
        enter(factories.make_staff("station_leader", factories.COMMUNITY))
        .post(address, {"reason": "核对名单"})
        .status_code
        == 404
    )
    assert "李志愿" in read(enter(secretary), LIST)


def test_a_table_is_handed_out_masked(secretary, desk):
    teams.make_worker(secretary, phone="022-27270001")
    teams.make_member(secretary, "volunteer", name="李志愿", phone="27279999")
    assert 'href="' + reverse("admin:grids_teammember_export") in read(desk, LIST)
    file = desk.post(reverse("admin:grids_teammember_export"), {"reason": "季度核对"})
    cells = [str(cell) for row in load_workbook(BytesIO(file.content)).active.values for cell in row]
    assert "卫大姐" in cells and "022-27270001" in cells and "李志愿" not in cells and "27279999" not in cells
    worker = enter(factories.make_staff("community_worker", factories.COMMUNITY))
    assert worker.get(reverse("admin:grids_teammember_export")).status_code == 404


# --- forms -----------------------------------------------------------------------------------------------------------
def test_somebody_is_entered_and_mended(secretary, desk):
    user = factories.make_user("卫大姐", staff=True)
    assert desk.post(reverse(ADD), fields(account=user.username)).status_code == 302
    member = TeamMember.objects.get()
    assert member.post.user == user
    change = reverse("admin:grids_teammember_change", args=[member.pk])
    assert "换人接替" in desk.get(change).content.decode()
    assert desk.post(change, fields(kind="part_time", phone="022-27270001")).status_code == 302
    member.refresh_from_db()
    assert (member.kind, member.phone, member.user) == ("part_time", "022-27270001", user)
    text = desk.post(change, fields(kind="micro")).content.decode()
    assert "请先办离任" in text
    history = read(desk, "admin:grids_teammember_history", member.pk)
    assert "专职网格员" in history and "022-27270001" not in history


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"kind": ""}, "请选择类别"),
        ({"kind": "x"}, "请选择"),
        ({"name": ""}, "请填写姓名"),
        ({"grid": factories.FAR_BASE}, "请选择"),
        ({"grid": factories.COMMUNITY}, "要登记在基础网格"),
        ({"grid": "\0"}, ""),
        ({"phone": "找我"}, "请填写电话号码"),
        ({"since": "2026-13-40"}, "日期"),
        ({"since": "0001-01-01"}, "请核对任职起"),
        ({"sort": "99999999999999999999"}, "32767"),
        ({"account": "nobody"}, "没有可以关联的账号"),
        ({"account": "a\0b"}, ""),
        ({"consented_on": "2999-01-01"}, "不能晚于今天"),
    ],
)
def test_a_bad_line_is_refused_at_the_field_and_nothing_typed_is_lost(desk, given, words):
    response = desk.post(reverse(ADD), fields(employer="居民委员会") | given)
    assert response.status_code == 200
    text = response.content.decode()
    assert words in text and "居民委员会" in text
    assert not TeamMember.objects.exists()


def test_the_form_is_begun_from_a_grid_or_from_a_post(secretary, desk):
    holder = factories.make_user("岗位人", staff=True)
    post = appoint(holder, "grid_worker", factories.BASE, by=None)
    far = appoint(factories.make_user("远方岗位", staff=True), "grid_worker", factories.FAR_BASE, by=None)
    text = read(desk, ADD, post=post.pk)
    assert "岗位人" in text and holder.username in text
    assert "远方岗位" not in read(desk, ADD, post=far.pk)
    for wrong in ("x", "\0", "9" * 40):
        read(desk, ADD, post=wrong, grid=wrong, kind=wrong)


def test_others_find_no_form_and_no_page(secretary):
    member = teams.make_worker(secretary)
    pages = [
        ("admin:grids_teammember_" + page, member.pk) for page in ("change", "leave", "replace", "history")
    ]
    pages += [("admin:grids_grid_team", factories.BASE)]
    far = enter(factories.make_staff("community_secretary", factories.FAR))
    for name, key in pages:
        assert far.get(reverse(name, args=[key])).status_code == 404, name
        assert far.post(
            reverse(name, args=[key]), {"day": str(TODAY()), "reason": "不想要了"}
        ).status_code in (404, 405)
    worker = enter(member.user)
    assert worker.get(reverse("admin:grids_teammember_leave", args=[member.pk])).status_code == 404
    assert worker.get(reverse(ADD)).status_code in (403, 404)
    assert worker.get(reverse("admin:grids_teammember_holders")).status_code == 404
    auditor = enter(factories.make_staff("auditor", factories.DISTRICT))
    for name in (LIST, "admin:grids_teammember_figures", "admin:grids_handover_changelist"):
        assert auditor.get(reverse(name)).status_code in (403, 404)
    assert TeamMember.objects.get().until is None


def test_a_service_is_ended_and_somebody_replaced_at_the_desk(secretary, desk):
    worker = teams.make_worker(secretary, since=TODAY() - timedelta(days=9))
    teams.give_work(worker, secretary)
    colleague = teams.make_worker(secretary, name="同事")
    leave = reverse("admin:grids_teammember_leave", args=[worker.pk])
    assert "请写明原因" in desk.post(leave, {"day": str(TODAY())}).content.decode()
    assert "最后一天要在" in desk.post(leave, {"day": "2001-01-01", "reason": "轮岗"}).content.decode()
    far = teams.make_worker(
        factories.make_staff("community_secretary", factories.FAR), factories.FAR_BASE, name="远"
    )
    wrong = desk.post(leave, {"day": str(TODAY()), "reason": "轮岗", "taking": far.pk}).content.decode()
    assert "请选择这个网格在任的网格员" in wrong and "轮岗" in wrong
    done = desk.post(leave, {"day": str(TODAY()), "reason": "轮岗", "taking": colleague.pk})
    handover = Handover.objects.get()
    assert (
        done.url == reverse("admin:grids_handover_change", args=[handover.pk])
        and handover.taking == colleague
    )
    replace = reverse("admin:grids_teammember_replace", args=[colleague.pk])
    user = factories.make_user("新人", staff=True)
    given = {
        "name": "新人",
        "kind": "full_time",
        "since": str(TODAY() + timedelta(days=1)),
        "account": user.username,
        "reason": "调走",
    }
    for since in ("0001-01-01", "9999-12-31", "x"):
        assert desk.post(replace, given | {"since": since}).status_code == 200
    assert desk.post(replace, given).status_code == 302
    # What she had still to take over is hers to her last day.
    handover.refresh_from_db()
    assert handover.taking == colleague
    list_again(timezone.now() + timedelta(days=1))
    handover.refresh_from_db()
    assert handover.taking.name == "新人" and Post.objects.get(user=user).valid_from == TODAY() + timedelta(
        days=1
    )


def test_doors_are_ticked_on_a_page_of_their_own(secretary, desk):
    here, there = factories.make_entrance(), factories.make_entrance(factories.NEIGHBOUR_BASE)
    member = teams.make_member(secretary, "micro")
    address = reverse("admin:grids_teammember_doors", args=[member.pk])
    for wrong in (there.pk, "x", "9" * 30, "\0"):
        assert desk.post(address, {"entrances": [wrong]}).status_code == 200
    assert desk.post(address, {"entrances": [here.pk]}).status_code == 302
    assert list(member.entrances.all()) == [here]
    assert str(here) in read(desk, "admin:grids_teammember_change", member.pk)
    assert str(here) in read(desk, "admin:grids_teammember_history", member.pk)
    assert (
        desk.get(reverse("admin:grids_teammember_doors", args=[teams.make_worker(secretary).pk])).status_code
        == 404
    )


def test_holders_of_posts_are_entered_within_reach(secretary, desk):
    for name, code in (("岗位人", factories.BASE), ("远方岗位", factories.FAR_BASE)):
        appoint(factories.make_user(name, staff=True), "grid_worker", code, by=None)
    text = read(desk, "admin:grids_teammember_holders")
    assert "岗位人" in text and "远方岗位" not in text
    assert "有岗位没登记的网格员" in read(desk, "admin:index")
    assert desk.post(reverse("admin:grids_teammember_holders"), {"kind": "x"}).status_code == 200
    assert desk.post(reverse("admin:grids_teammember_holders"), {"kind": "part_time"}).status_code == 302
    assert TeamMember.objects.get().name == "岗位人"


# --- what is lacking, and the figures ----------------------------------------------------------------------------------
def test_the_desk_tells_which_grids_lack_somebody_and_leads_there(secretary, desk):
    second = factories.make_grid(factories.COMMUNITY + "002")
    teams.make_worker(secretary)
    text = read(desk, "admin:index")
    assert "没有网格员的网格" in text and "没有网格长的网格" in text
    listed = read(desk, "admin:grids_grid_changelist", team="worker")
    found = [
        reverse("admin:grids_grid_change", args=[code]) in listed
        for code in (second.code, factories.BASE, factories.FAR_BASE)
    ]
    assert found == [True, False, False]
    assert "没有网格员的网格" not in read(
        enter(teams.make_worker(secretary, name="同事").user), "admin:index"
    )


def test_numbers_lead_to_the_rows_they_count(secretary, desk):
    officer = factories.make_staff("street_officer", factories.STREET)
    teams.make_worker(secretary)
    for _ in range(2):
        teams.make_member(secretary, "micro")
    text = read(enter(officer), "admin:grids_teammember_figures")
    place = f"?place={factories.COMMUNITY}&amp;kind=micro"
    assert place in text
    listed = read(enter(officer), LIST, place=factories.COMMUNITY, kind="micro")
    assert "共 2 条" in listed
    assert (
        "第" not in read(desk, "admin:grids_teammember_figures", **{"in": factories.FAR}).split("各地区")[0]
    )
    for wrong in ("x", "\0", factories.FAR, "9" * 15):
        assert "网格队伍统计" in read(desk, "admin:grids_teammember_figures", **{"in": wrong})
    file = desk.post(reverse("admin:grids_teammember_figures"))
    rows = list(load_workbook(BytesIO(file.content)).active.values)
    assert any("合计" in map(str, row) for row in rows)
    assert (
        enter(factories.make_staff("street_head", factories.STREET))
        .post(reverse("admin:grids_teammember_figures"))
        .status_code
        == 404
    )


def test_pages_take_as_many_queries_for_many_rows_as_for_few(secretary, desk):
    pages = [
        (LIST, ()),
        ("admin:grids_grid_team", (factories.BASE,)),
        ("admin:grids_teammember_figures", ()),
        ("admin:index", ()),
        ("grid_notice", (factories.BASE,)),
        ("grid_notice", (factories.COMMUNITY,)),
    ]

    def counts() -> list[int]:
        found = []
        for name, args in pages:
            read(desk, name, *args)
            with CaptureQueriesContext(connection) as queries:
                read(desk, name, *args)
            found.append(len(queries))
        return found

    teams.make_worker(secretary)
    teams.make_member(secretary, "micro", consented_on=TODAY(), entrances=[factories.make_entrance()])
    few = counts()
    for serial in range(2, 22):
        teams.make_member(secretary, "micro", consented_on=TODAY())
        teams.make_member(secretary, code=f"{factories.COMMUNITY}{serial:03d}", name=f"网格员{serial}")
    assert counts() == few
