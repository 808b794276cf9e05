"""A whistle from the proposal to the result, with the departments' clocks, objections and the second whistle."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from governance.flow import NotYours, Refused, tick
from governance.models import Notice, Post, TextMessage
from incidents.flow import SLIPS, WHISTLES
from incidents.models import Whistle, WhistleSituation, WhistleSlip
from incidents.models.whistles import SlipStatus, WhistleStatus
from incidents.services.situations import load_situations, read_default
from incidents.services.whistles import blow_whistle, progress_for_reporter, propose_whistle
from tests import factories
from tests.pictures import jpeg
from tests.standing import standing

pytestmark = pytest.mark.django_db
S, W = SlipStatus, WhistleStatus


def picture() -> list[SimpleUploadedFile]:
    return [SimpleUploadedFile("a.jpg", jpeg())]


def slip(key, name, by, **data) -> WhistleSlip:
    return SLIPS.run(key, name, by=by, **data)


def whistle(key, name, by, **data) -> Whistle:
    return WHISTLES.run(key, name, by=by, **data)


class Street:
    """A street with its head, its officer, two departments with an officer each, an arbiter and the district's head."""

    def __init__(self) -> None:
        self.head = factories.make_staff("street_head", factories.STREET)
        self.officer = factories.make_staff("street_officer", factories.STREET)
        self.units = [factories.make_unit() for _ in range(3)]
        self.people = [
            factories.make_staff("department_officer", factories.DISTRICT, unit=unit) for unit in self.units
        ]
        self.arbiter = factories.make_staff("arbiter", factories.DISTRICT)
        self.district_head = factories.make_staff("district_head", factories.DISTRICT)

    def answer(self, key: WhistleSlip, *, by=None) -> WhistleSlip:
        """Let a slip's department report in, take it on and feed back."""
        by = by or self.people[[unit.pk for unit in self.units].index(key.unit_id)]
        for name, data in (
            ("arrive", {"on_site": True}),
            ("take_on", {}),
            ("feed_back", {"note": "已经修好"}),
        ):
            key = slip(key, name, by, **data)
        return key


@standing
def street(territory):
    made = Street()
    # Some tests stand on days of a certain week: everyone was in office then already.
    Post.objects.update(valid_from=date(2026, 1, 1))
    return made


def test_a_whistle_goes_all_the_way(street, secretary):
    resident = factories.make_user("李奶奶")
    incident = factories.make_incident(by=resident)
    unknown = factories.make_incident(by=factories.make_user(), applicant=None, applicant_phone="13900001111")
    situation = factories.make_situation(colour="yellow", lead=street.units[0])
    proposed = propose_whistle(
        by=secretary,
        situation=situation,
        grid=factories.make_grid(factories.COMMUNITY),
        description="水管爆了三天",
        assisting=[street.units[1]],
        incidents=[incident, unknown],
    )
    assert proposed.status == W.DRAFT and proposed.number.startswith("CS-") and not proposed.slips.exists()
    assert Notice.objects.filter(recipient=street.head, number=proposed.number).exists()
    assert not Whistle.objects.restrict(street.people[0]).exists()
    for person in (secretary, street.officer):
        with pytest.raises(NotYours):
            whistle(proposed, "blow", person)

    blown = whistle(proposed, "blow", street.head)
    assert blown.status == W.BLOWN and blown.colour == "yellow" and blown.blown_by == street.head
    lead, assist = blown.slips.order_by("pk")
    assert (lead.part, assist.part) == ("lead", "assist") and lead.number.startswith("SD-")
    assert lead.due_at == lead.report_by < lead.settle_by
    assert Notice.objects.filter(recipient=street.people[0], number=lead.number).exists()
    assert Notice.objects.filter(recipient=resident, title__contains="街道已吹哨").exists()
    assert TextMessage.objects.filter(phone="13900001111", body__contains="街道已吹哨").exists()

    lead = slip(lead, "receive", street.people[0])
    lead = slip(lead, "arrive", street.people[0], who="王工", on_site=True, photos=picture())
    assert lead.reporter == "王工" and lead.due_at == lead.settle_by and lead.photos.count() == 1
    assert progress_for_reporter(incident, resident) | {"at": None} == {
        "called": 2, "arrived": 1, "answered": 0, "second": False, "state": "办理中", "at": None,
    }  # fmt: skip
    lead = slip(slip(lead, "take_on", street.people[0]), "feed_back", street.people[0], note="换了管")
    assert lead.status == S.FED_BACK and Whistle.objects.get().status == W.BLOWN
    with pytest.raises(Refused):
        whistle(blown, "verify_pass", street.officer, note="好了", photos=picture())
    street.answer(assist)
    blown = Whistle.objects.get()
    assert blown.status == W.VERIFYING and blown.due_at is not None
    with pytest.raises(Refused) as refusal:
        whistle(blown, "verify_pass", street.officer, note="好了")
    assert refusal.value.field == "photos"
    blown = whistle(blown, "verify_pass", street.officer, note="水通了", photos=picture())
    assert blown.status == W.CLOSED and blown.result == "水通了" and blown.verified_by == street.officer
    assert {s.status for s in blown.slips.all()} == {S.ACCEPTED}
    for person in (resident, secretary):
        assert Notice.objects.filter(recipient=person, body__contains="水通了").exists()


def test_an_objection_stops_the_clock_until_the_districts_arbiter_decides(street):
    blown = factories.make_whistle(by=street.head, units=street.units[:2])
    first, second = blown.slips.order_by("pk")
    theirs = factories.make_staff("arbiter", factories.STREET)
    first = slip(first, "object", street.people[0], note="不属本单位职责")
    assert first.status == S.OBJECTED and first.due_at != first.report_by
    assert Notice.objects.filter(recipient=street.arbiter, number=first.number).exists()
    with pytest.raises(Refused, match="区级裁定员"):
        slip(first, "overrule", theirs, note="应由你办")
    before = first.report_by
    first = slip(first, "overrule", street.arbiter, note="三定方案写明")
    assert first.status == S.RECEIVED and first.overruled and first.report_by >= before
    with pytest.raises(Refused, match="不成立"):
        slip(first, "object", street.people[0], note="还是不办")

    second = slip(second, "object", street.people[1], note="不属本单位职责")
    second = slip(second, "uphold", street.arbiter, note="确实不属")
    assert second.status == S.RELEASED and second.closed_at is not None
    assert not Whistle.objects.restrict(street.people[1]).exists()
    with pytest.raises(Refused, match="已经有哨单"):
        whistle(blown, "call_more", street.head, units=[street.units[0]])
    whistle(blown, "call_more", street.head, units=[street.units[2]])
    third = blown.slips.get(unit=street.units[2])
    street.answer(first)
    assert Whistle.objects.get().status == W.BLOWN
    street.answer(third)
    assert Whistle.objects.get().status == W.VERIFYING


def test_the_last_objection_upheld_hands_the_whistle_to_the_street(street):
    blown = factories.make_whistle(by=street.head, units=street.units[:2])
    first, second = blown.slips.order_by("pk")
    first = slip(first, "object", street.people[0], note="不属本单位职责")
    street.answer(second)
    assert Whistle.objects.get().status == W.BLOWN
    slip(first, "uphold", street.arbiter, note="确实不属")
    assert Whistle.objects.get().status == W.VERIFYING
    # The leading department is gone: another one may still be called, and leads.
    whistle(blown, "call_more", street.head, units=[street.units[2]])
    assert blown.slips.get(unit=street.units[2]).part == "lead"
    assert Whistle.objects.get().status == W.BLOWN and Whistle.objects.get().unit == street.units[2]


def test_what_fails_goes_to_the_district_by_a_second_whistle(street):
    incident = factories.make_incident()
    blown = factories.make_whistle(by=street.head, units=street.units[:2], incidents=[incident])
    for each in blown.slips.order_by("pk"):
        street.answer(each)
    with pytest.raises(Refused, match="哪些部门"):
        whistle(blown, "verify_fail", street.officer, note="还在漏", photos=picture())
    blown = whistle(
        blown, "verify_fail", street.officer, note="还在漏", photos=picture(), failed=[street.units[1]]
    )
    assert blown.status == W.FAILED and blown.is_open
    assert [s.status for s in blown.slips.order_by("pk")] == [S.ACCEPTED, S.FAILED]
    with pytest.raises(NotYours):
        whistle(blown, "blow_again", street.officer, note="请区里")
    blown = whistle(blown, "blow_again", street.head, note="部门推诿")
    second = blown.second
    assert blown.status == W.RAISED and not blown.is_open
    assert (
        second.status == W.CALLED
        and second.round == 2
        and second.due_at - second.blown_at == timedelta(hours=24)
    )
    assert list(second.incidents.all()) == [incident] and not second.slips.exists()
    assert Notice.objects.filter(recipient=street.district_head, number=second.number).exists()
    with pytest.raises(NotYours):
        whistle(second, "answer", street.head, note="我来")
    second = whistle(
        second, "answer", street.district_head, note="两天内办好", lead=street.units[1], assisting=[]
    )
    assert second.status == W.BLOWN and second.answered_by == street.district_head
    street.answer(second.slips.get())
    second = whistle(
        Whistle.objects.get(pk=second.pk), "verify_fail", street.officer, note="还漏", photos=picture(),
        failed=[street.units[1]],
    )  # fmt: skip
    assert second.status == W.CALLED, "there is no third whistle: the district answers again"
    second = whistle(second, "answer", street.district_head, note="我到现场")
    assert second.status == W.VERIFYING
    second = whistle(second, "verify_pass", street.officer, note="好了", photos=picture())
    assert second.status == W.CLOSED


def test_colours_have_their_own_times(street, time_machine):
    friday = timezone.make_aware(timezone.datetime(2026, 11, 27, 17, 0))
    time_machine.move_to(friday, tick=False)
    told = {}
    for colour in ("red", "yellow", "blue"):
        made = factories.make_whistle(by=street.head, units=street.units[:1], colour=colour).slips.get()
        told[colour] = tuple(
            f"{timezone.localtime(at):%m-%d %H:%M}" for at in (made.report_by, made.settle_by)
        )
    assert told == {
        "red": ("11-27 17:30", "11-28 17:00"),
        "yellow": ("11-30 09:30", "12-02 18:00"),
        "blue": ("11-30 18:00", "12-08 18:00"),
    }


def test_who_does_not_come_is_told_once_and_the_ladder_climbs(street, time_machine):
    monday = timezone.make_aware(timezone.datetime(2026, 11, 30, 9, 0))
    time_machine.move_to(monday, tick=False)
    late = factories.make_whistle(by=street.head, units=street.units[:1], colour="red").slips.get()
    time_machine.move_to(monday + timedelta(minutes=29), tick=False)
    tick()
    assert not late.steps.filter(action="escalate").exists()
    time_machine.move_to(monday + timedelta(minutes=31), tick=False)
    tick()
    tick()
    assert late.steps.filter(action="escalate").count() == 1
    for person in (street.people[0], street.officer):
        assert (
            Notice.objects.filter(recipient=person, number=late.number, title__contains="超过时限").count()
            == 1
        )
    time_machine.move_to(monday + timedelta(days=4), tick=False)
    tick()
    tick()
    assert late.steps.filter(action="escalate").count() == 3
    assert Notice.objects.filter(recipient=street.district_head, number=late.number).exists()
    late = slip(late, "arrive", street.people[0], on_site=False)
    assert late.steps.last().data["late"] and not late.was_punctual and late.escalation == 0


def test_more_time_moves_what_counts(street):
    made = factories.make_whistle(by=street.head, units=street.units[:1], colour="yellow").slips.get()
    before = made.report_by
    made = slip(made, "extend", street.officer, hours=8, note="路上堵")
    assert made.due_at == made.report_by > before
    made = slip(made, "arrive", street.people[0], on_site=True)
    made = slip(made, "extend", street.officer, hours=80, note="要开挖")
    assert made.due_at == made.settle_by
    with pytest.raises(NotYours):
        slip(made, "extend", street.people[0], hours=8, note="我要时间")
    made = slip(made, "urge", street.officer)
    with pytest.raises(Refused, match="一小时内"):
        slip(made, "urge", street.district_head)


def test_a_whistle_is_taken_back_with_its_slips(street, secretary):
    blown = factories.make_whistle(by=street.head, units=street.units[:2])
    whistle(blown, "withdraw", street.head, note="已自行解决")
    assert {s.status for s in blown.slips.all()} == {S.WITHDRAWN}
    assert Notice.objects.filter(recipient=street.people[1], title__contains="撤回").exists()
    proposed = propose_whistle(
        by=secretary, situation=factories.make_situation(lead=street.units[0]),
        grid=factories.make_grid(factories.COMMUNITY), description="请来",
    )  # fmt: skip
    with pytest.raises(Refused, match="提请人"):
        whistle(proposed, "retract", street.officer, note="不用了")
    assert whistle(proposed, "retract", secretary, note="不用了").status == W.WITHDRAWN


def test_what_cannot_be_blown_is_refused_at_its_field(street, secretary):
    here, far = factories.make_grid(factories.COMMUNITY), factories.make_grid(factories.FAR)
    situation = factories.make_situation()
    good = {"situation": situation, "grid": here, "description": "请来", "lead": street.units[0]}
    elsewhere = factories.make_unit(factories.OTHER_STREET)
    closed = factories.make_unit(is_active=False)
    for field, wrong in (
        ("lead", {"lead": None}),
        ("lead", {"lead": elsewhere}),
        ("lead", {"assisting": [closed]}),
        ("colour", {"colour": "green"}),
        ("description", {"description": "  "}),
        ("grid", {"grid": factories.make_grid(factories.DISTRICT)}),
        ("incidents", {"incidents": [factories.make_incident(factories.FAR_BASE)]}),
        ("situation", {"situation": factories.make_situation(is_active=False)}),
    ):
        with pytest.raises(Refused) as refusal:
            blow_whistle(by=street.head, **good | wrong)
        assert refusal.value.field == field, wrong
    with pytest.raises(NotYours):
        blow_whistle(by=street.head, **good | {"grid": far})
    with pytest.raises(NotYours):
        blow_whistle(by=street.officer, **good)
    with pytest.raises(NotYours):
        propose_whistle(by=secretary, **good | {"grid": factories.make_grid(factories.NEIGHBOUR)})
    assert not Whistle.objects.exists()


def test_everyone_finds_what_is_hers_and_nothing_else(street, secretary):
    blown = factories.make_whistle(by=street.head, units=street.units[:2])
    first, second = blown.slips.order_by("pk")
    sees_all = (street.head, street.officer, secretary, street.arbiter, street.district_head)
    for person in sees_all:
        assert list(Whistle.objects.restrict(person)) == [blown]
        assert WhistleSlip.objects.restrict(person).count() == 2
    for person, own in zip(street.people, ([first], [second], []), strict=True):
        assert list(WhistleSlip.objects.restrict(person)) == own
        assert Whistle.objects.restrict(person).exists() == bool(own)
    strangers = (
        factories.make_staff("street_head", factories.OTHER_STREET),
        factories.make_staff("community_secretary", factories.NEIGHBOUR),
        factories.make_staff("grid_worker", factories.BASE),
        factories.make_user(),
    )
    for person in strangers:
        assert not Whistle.objects.restrict(person).exists()
        assert not WhistleSlip.objects.restrict(person).exists()
        with pytest.raises(NotYours):
            slip(first, "receive", person)
    with pytest.raises(NotYours):
        slip(first, "receive", street.people[1])
    with pytest.raises(NotYours):
        slip(first, "receive", street.head)


def test_the_database_holds_what_a_whistle_is(street):
    blown = factories.make_whistle(by=street.head, units=street.units[:2])
    one = blown.slips.order_by("pk").first()
    for rows, wrong in (
        (Whistle, {"status": "nowhere"}),
        (Whistle, {"colour": "green"}),
        (Whistle, {"round": 2}),
        (Whistle, {"status": "closed"}),
        (WhistleSlip, {"part": "lead"}),
        (WhistleSlip, {"unit": one.unit_id}),
        (WhistleSlip, {"status": "fed_back"}),
        (WhistleSlip, {"on_site": True}),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.objects.update(**wrong)
    for steps in (blown.steps, one.steps):
        with pytest.raises(DatabaseError), transaction.atomic():
            steps.all().delete()


def test_the_shipped_situations_load_and_a_districts_own_take_their_place(territory):
    unit = factories.make_unit()
    type(unit).objects.filter(pk=unit.pk).update(code="sifa")
    assert load_situations(read_default()) == (43, 0)
    assert load_situations(read_default()) == (43, 0)
    assert set(WhistleSituation.objects.values_list("aspect", flat=True)) == {
        "dispute", "service", "enforcement", "keywork", "emergency",
    }  # fmt: skip
    assert WhistleSituation.objects.get(code="A01").lead == unit
    own = [{"方面": "服务群众", "编号": "B01", "情形": "大面积停水", "响应": "红色", "牵头部门": ""}]
    assert load_situations(own) == (1, 42)
    assert WhistleSituation.objects.get(is_active=True).name == "大面积停水"
    from incidents.services.catalogue import CatalogueError

    with pytest.raises(CatalogueError) as told:
        load_situations([*own, {"方面": "别的", "编号": "B01", "情形": "", "响应": "绿"}])
    assert told.value.reasons == ["第 3 行：没有填写情形。"]
    assert WhistleSituation.objects.filter(is_active=True).count() == 1
