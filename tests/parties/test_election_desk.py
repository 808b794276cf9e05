"""Elections at the desk: opening one, carrying the ballot, the cards, how often the pages ask."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from parties.models import Election
from tests import party
from tests.cast import Cast
from tests.parties.voting import TODAY, committee_of_three, electorate, ready
from tests.standing import standing

pytestmark = pytest.mark.django_db


@standing
def here(territory):
    return electorate()


def enter(user):
    return Cast(people={"she": user}).client("she")


def url(page: str, *args) -> str:
    return reverse(f"admin:parties_election_{page}", args=args)


def test_the_desk_opens_an_election_from_the_organisation_s_page(here):
    browser = enter(here.own)
    page = browser.get(reverse("admin:parties_organisation_change", args=[here.branch.pk])).content.decode()
    there = f"{url('add')}?organisation={here.branch.pk}"
    assert "开始换届" in page and there in page
    answer = browser.post(there, {"organisation": here.branch.pk, "planned_on": "2026-13-40", "seats": "x"})
    assert answer.status_code == 200 and "请填写日期" in answer.content.decode()
    given = {
        "organisation": here.branch.pk, "meeting": "members", "has_committee": "0", "seats": "", "deputies": "1",
        "planned_on": TODAY().isoformat(), "description": "按期换届",
    }  # fmt: skip
    answer = browser.post(there, given, follow=True)
    page = answer.content.decode()
    assert "下一步" in page and "写好换届请示" in page and "步骤" in page
    assert Election.objects.get().deputies == 1
    page = browser.get(reverse("admin:parties_organisation_change", args=[here.branch.pk])).content.decode()
    assert "正在换届" in page and "开始换届" not in page


def test_the_desk_carries_the_ballot_and_keeps_what_was_typed(here):
    election = ready(here)
    browser, do = enter(here.own), lambda name: url("do", election.pk, name)
    page = browser.get(do("hold")).content.decode()
    assert here.members[0].name in page and "五分之四" in page
    first, second = election.candidates.order_by("pk").values_list("pk", flat=True)
    given = {
        "version": Election.objects.get(pk=election.pk).version, "held_on": TODAY().isoformat(), "attended": "3",
        "given": "3", "returned": "3", "valid": "3", f"votes_{first}": "0", f"votes_{second}": "<b>", "note": "",
    }  # fmt: skip
    page = browser.post(do("hold"), given).content.decode()
    assert "请填写整数" in page and "&lt;b&gt;" in page and "<b>3" not in page
    page = browser.post(do("hold"), given | {f"votes_{second}": "3"}).content.decode()
    assert "会议无效" in page and 'value="3"' in page
    given |= {"attended": "5", "given": "5", "returned": "5", "valid": "4", f"votes_{second}": "4"}
    page = browser.post(do("hold"), given, follow=True).content.decode()
    assert "当选" in page and "待报结果" in page
    sheet = browser.get(url("report", election.pk)).content.decode()
    assert "选举结果报告" in sheet and "应到会有选举权的党员 5 人，实到会 5 人" in sheet
    assert enter(here.neighbour).get(url("report", election.pk)).status_code == 404


def test_the_cards_count_what_waits_for_whom(here):
    def cards(user):
        page = enter(user).get(reverse("admin:index")).content.decode()
        return {words for words in ("换届待批", "换届待办") if words in page}

    election = party.make_election(here.branch, by=here.own)
    assert "换届待办" in cards(here.own)
    party.take(election, "request", here.own, note="请示")
    from django.contrib import admin

    waiting = admin.site.get_model_admin(Election).waiting
    assert list(waiting(here.superior)) == [election] and list(waiting(here.officer)) == [election]
    assert not waiting(here.own).exists()
    found = enter(here.superior).get(url("changelist") + "?turn=superior").content.decode()
    assert election.number in found


def test_the_pages_ask_as_often_for_many_as_for_one(here):
    election = committee_of_three(here)
    browser = enter(here.superior)

    def counted(address):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert browser.get(address).status_code == 200
        return len(asked)

    pages = [
        url("changelist"),
        url("change", election.pk),
        url("do", election.pk, "hold"),
        url("do", election.pk, "leave_out"),
    ]
    before = [counted(page) for page in pages]
    before = [counted(page) for page in pages]
    for number in range(8):
        member = party.make_member(here.branch, by=here.own)
        election.candidates.create(member=member, duty="member", words=f"好{number}")
        branch = party.make_branch(parent=here.committee)
        party.make_election(branch, by=here.superior)
    assert [counted(page) for page in pages] == before
