"""Whistles, slips and evaluations at the desk: who finds what, what a form loses (nothing), and what it costs."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from governance import parameters
from incidents.flow import EVALUATIONS, SLIPS, WHISTLES
from incidents.models import Evaluation, Whistle, WhistleSlip
from incidents.services.evaluation import give_felt_score
from tests import factories
from tests.incidents.test_evaluation import Street
from tests.pictures import jpeg
from tests.standing import standing

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def url(model: str, page: str, *args) -> str:
    return reverse(f"admin:incidents_{model}_{page}", args=args)


def enter(client, user):
    client.force_login(user, backend=BACKEND)
    return client


def listed(client, model: str, **query) -> list:
    answer = client.get(url(model, "changelist"), query)
    assert answer.status_code == 200
    return list(answer.context["cl"].result_list)


def exported(client, model: str) -> int:
    answer = client.post(url(model, "export"), {"reason": "月度例会"})
    if answer["Content-Type"].startswith("text/html"):
        assert answer.status_code == 404 or "没有可以导出的记录" in answer.content.decode()
        return 0
    return load_workbook(BytesIO(answer.content)).active.max_row - 1


@standing
def street(territory):
    return Street()


def test_a_head_blows_from_an_incident_and_nothing_typed_is_lost(client, street):
    enter(client, street.head)
    incident = factories.make_incident(description="楼前水管爆裂")
    page = client.get(url("incident", "change", incident.pk)).content.decode()
    add = f"{url('whistle', 'add')}?incident={incident.number}"
    assert add in page and "吹哨" in page
    form = client.get(add).context["form"]
    assert form.initial["grid"] == factories.COMMUNITY and "楼前水管爆裂" in form.initial["description"]
    situation = factories.make_situation(colour="red", lead=street.units[0])
    sent = {
        "situation": situation.pk,
        "grid": factories.COMMUNITY,
        "description": "水管爆裂三天",
        "assisting": [street.units[0].pk, street.units[1].pk],
        "incidents": f"{incident.number}, SJ-0",
        "photos": SimpleUploadedFile("a.jpg", jpeg()),
    }
    answer = client.post(add, sent)
    assert answer.status_code == 200 and "没有编号为SJ-0的事件" in answer.content.decode()
    assert "水管爆裂三天" in answer.content.decode() and not Whistle.objects.exists()
    answer = client.post(
        add, sent | {"incidents": incident.number, "photos": SimpleUploadedFile("a.jpg", jpeg())}
    )
    made = Whistle.objects.get()
    assert answer["Location"] == url("whistle", "change", made.pk)
    assert made.colour == "red" and made.unit == street.units[0] and made.photos.count() == 1
    assert [(slip.unit, slip.part) for slip in made.slips.order_by("pk")] == [
        (street.units[0], "lead"), (street.units[1], "assist"),
    ]  # fmt: skip
    assert made.title in client.get(url("incident", "change", incident.pk)).content.decode()


def test_an_officer_and_a_secretary_can_only_propose(client, street):
    situation = factories.make_situation(lead=street.units[0])
    for person in (street.officer, street.secretaries[0]):
        enter(client, person)
        assert "提请吹哨" in client.get(url("whistle", "add")).content.decode()
        client.post(
            url("whistle", "add"),
            {"situation": situation.pk, "grid": factories.COMMUNITY, "description": "请来"},
        )
    assert {each.status for each in Whistle.objects.all()} == {"draft"} and Whistle.objects.count() == 2
    enter(client, street.secretaries[0])
    assert client.post(
        url("whistle", "add"),
        {"situation": situation.pk, "grid": factories.NEIGHBOUR, "description": "请来"},
    ).context["form"].errors == {"grid": ["请选择您管辖范围内的街道或社区。"]}
    made = Whistle.objects.first()
    assert client.get(url("whistle", "do", made.pk, "blow")).status_code == 404
    enter(client, street.head)
    form = client.get(url("whistle", "do", made.pk, "blow"))
    assert form.context["form"].initial["lead"] == street.units[0].pk
    answer = client.post(
        url("whistle", "do", made.pk, "blow"),
        {"version": made.version, "situation": situation.pk, "lead": street.units[1].pk, "colour": "yellow"},
    )
    assert answer.status_code == 302, answer.context["form"].errors
    assert made.slips.get().unit == street.units[1]
    enter(client, factories.make_staff("grid_worker", factories.BASE))
    assert client.get(url("whistle", "add")).status_code == 404


def test_a_department_works_through_its_slip_and_sees_no_other(client, street):
    made = factories.make_whistle(
        by=street.head, units=street.units, photos=[SimpleUploadedFile("a.jpg", jpeg())]
    )
    mine, other = made.slips.order_by("pk")
    enter(client, street.people[0])
    cards = {card.label: card.count for card in client.get(reverse("admin:index")).context["cards"]}
    assert cards["待签收哨单"] == "1" and "待核实的哨" not in cards
    assert listed(client, "whistleslip") == [mine] and listed(client, "whistle") == [made]
    assert client.get(url("whistleslip", "change", other.pk)).status_code == 404
    page = client.get(url("whistleslip", "change", mine.pk)).content.decode()
    assert "街道的照片" in page and "签收" in page
    whole = client.get(url("whistle", "change", made.pk)).content.decode()
    assert street.units[0].name in whole and url("whistleslip", "change", other.pk) not in whole
    assert client.get(made.photos.get().url).status_code == 200
    for name, data in (
        ("receive", {}),
        ("arrive", {"who": "王工", "on_site": "1", "photos": SimpleUploadedFile("b.jpg", jpeg())}),
        ("take_on", {}),
        ("feed_back", {"note": "修好了"}),
    ):
        mine.refresh_from_db()
        answer = client.post(url("whistleslip", "do", mine.pk, name), {"version": mine.version, **data})
        assert answer.status_code == 302, (name, answer.context["form"].errors)
    mine.refresh_from_db()
    assert mine.status == "fed_back" and mine.reporter == "王工" and mine.on_site
    photo = mine.photos.get().url
    enter(client, street.people[1])
    assert client.get(photo).status_code == 404
    enter(client, street.officer)
    assert client.get(photo).status_code == 200


def test_a_second_whistle_leads_to_its_own_page(client, street):
    made = factories.make_whistle(by=street.head, units=street.units[:1])
    slip = made.slips.get()
    for name, data in (
        ("arrive", {"who": "王工", "on_site": True}),
        ("take_on", {}),
        ("feed_back", {"note": "修好了"}),
    ):
        slip = SLIPS.run(slip.pk, name, by=street.people[0], **data)
    photos = [SimpleUploadedFile("a.jpg", jpeg())]
    made = WHISTLES.run(
        made.pk, "verify_fail", by=street.officer, note="还在漏", photos=photos, failed=[slip.unit]
    )
    enter(client, street.head)
    answer = client.post(
        url("whistle", "do", made.pk, "blow_again"), {"version": made.version, "note": "请区里统筹"}
    )
    assert answer["Location"] == url("whistle", "change", Whistle.objects.get(parent=made).pk)


def test_strangers_find_nothing_in_lists_pages_and_tables(client, street):
    made = factories.make_whistle(by=street.head, units=street.units[:1])
    evaluation = street.open()
    score = evaluation.scores.first()
    strangers = [
        factories.make_staff("street_officer", factories.OTHER_STREET),
        factories.make_staff("community_secretary", factories.FAR),
        street.people[1],
    ]
    for person in strangers:
        enter(client, person)
        for model, row in (
            ("whistle", made),
            ("whistleslip", made.slips.get()),
            ("evaluation", evaluation),
            ("evaluationscore", score),
        ):
            assert client.get(url(model, "change", row.pk)).status_code == 404
            if client.get(url(model, "changelist")).status_code == 200:
                assert listed(client, model) == []
            if model != "evaluation":
                assert exported(client, model) == 0
        for part in ("due", "felt"):
            assert client.get(url("evaluationscore", "rows", score.pk, part)).status_code == 404
        assert client.get(url("evaluationscore", "answer", score.pk)).status_code == 404
    enter(client, street.officer)
    assert exported(client, "whistle") == exported(client, "whistleslip") == 1


def test_figures_open_the_very_rows_they_count(client, street):
    one = street.units[0]
    slips = [street.slip(one), street.slip(one), street.slip(one, late=True)]
    for satisfaction in (5, 2):
        street.call_back(one, satisfaction)
    evaluation = EVALUATIONS.run(street.open(), "start", by=street.officer)
    give_felt_score(evaluation, by=street.secretaries[0], given=[(one, 90, "")])
    evaluation = EVALUATIONS.run(evaluation, "close_scoring", by=street.officer)
    score = evaluation.scores.get(unit=one)
    enter(client, street.officer)
    page = client.get(url("evaluation", "change", evaluation.pk)).content.decode()
    for part, number in (("due", 3), ("done", 2), ("answered", 2), ("satisfied", 1), ("felt", 1)):
        there = url("evaluationscore", "rows", score.pk, part)
        assert there in page
        answer = client.get(there)
        assert answer.context["counted"] == len(answer.context["lines"]) == number, part
    assert client.get(url("evaluationscore", "rows", score.pk, "nothing")).status_code == 404
    EVALUATIONS.run(Evaluation.objects.get(), "publish", by=street.head)
    enter(client, street.people[0])
    assert [row.pk for row in listed(client, "evaluationscore")] == [score.pk]
    assert client.get(url("evaluation", "change", evaluation.pk)).status_code == 404
    assert len(client.get(url("evaluationscore", "rows", score.pk, "due")).context["lines"]) == len(slips)
    felt = client.get(url("evaluationscore", "rows", score.pk, "felt"))
    assert felt.context["counted"] == 1 and felt.context["lines"] == []
    answer = client.post(url("evaluationscore", "answer", score.pk), {"words": "已整改"})
    assert answer.status_code == 302
    assert "已整改" in client.get(url("evaluationscore", "change", score.pk)).content.decode()
    assert exported(client, "evaluationscore") == 1


def test_a_secretary_gives_her_scores_on_one_page(client, street):
    evaluation = EVALUATIONS.run(street.open(), "start", by=street.officer)
    one, two = street.units
    enter(client, street.secretaries[0])
    cards = {card.label: card.count for card in client.get(reverse("admin:index")).context["cards"]}
    assert cards["待给部门打分"] == "1" and listed(client, "evaluation", wait="give") == [evaluation]
    there = url("evaluation", "do", evaluation.pk, "give")
    assert one.name in client.get(there).content.decode()
    low = {"version": evaluation.version, f"unit_{one.pk}_points": "60", f"unit_{one.pk}_words": ""}
    answer = client.post(there, low)
    assert answer.status_code == 200 and "请写说明" in answer.content.decode()
    assert 'value="60"' in answer.content.decode()
    answer = client.post(there, low | {f"unit_{one.pk}_words": "来得慢", f"unit_{two.pk}_points": "x"})
    assert "请填写 0 到 100 的整数" in answer.content.decode()
    answer = client.post(there, low | {f"unit_{one.pk}_words": "来得慢", f"unit_{two.pk}_points": ""})
    assert answer.status_code == 302
    page = client.get(url("evaluation", "change", evaluation.pk)).content.decode()
    assert "60 分" in page and "来得慢" in page and "各部门得分" not in page and "吹哨率" not in page
    cards = {card.label: card.count for card in client.get(reverse("admin:index")).context["cards"]}
    assert cards["待给部门打分"] == "0" and listed(client, "evaluation", wait="give") == []


def test_the_reporter_reads_how_many_departments_came_and_no_names(client, street):
    resident = factories.make_user()
    incident = factories.make_incident(by=resident)
    client.force_login(resident, backend=BACKEND)
    assert "吹哨" not in client.get(reverse("incident", args=[incident.number])).content.decode()
    made = factories.make_whistle(by=street.head, units=street.units, incidents=[incident])
    slip = made.slips.order_by("pk").first()
    SLIPS.run(slip, "arrive", by=street.people[0], who="王大力", on_site=True)
    page = client.get(reverse("incident", args=[incident.number])).content.decode()
    assert "街道已吹哨，2 个部门中 1 个已报到" in page
    assert "王大力" not in page and street.units[0].name not in page
    assert client.get(made.get_desk_url()).status_code in (302, 404)


def test_lists_and_pages_take_as_many_queries_for_many_rows_as_for_few(client, street):
    enter(client, street.officer)

    def asked(address: str) -> int:
        client.get(address)
        parameters.value("whistles.red_report")  # read anew every few seconds: not while it is counted
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    made = factories.make_whistle(
        by=street.head, units=street.units[:1], incidents=[factories.make_incident()]
    )
    evaluation = street.open(units=street.units[:1])
    addresses = [
        url("whistle", "changelist"),
        url("whistleslip", "changelist"),
        url("evaluationscore", "changelist"),
        url("whistle", "change", made.pk),
        url("evaluation", "change", evaluation.pk),
        reverse("admin:index"),
    ]
    few = [asked(address) for address in addresses]
    units = [factories.make_unit() for _ in range(14)]
    made.flow.run(made, "call_more", by=street.head, units=units)
    made.incidents.add(*(factories.make_incident(minor_class=street.minor) for _ in range(6)))
    for _ in range(6):
        factories.make_whistle(by=street.head, units=units[:3])
    evaluation.scores.model.objects.bulk_create(
        evaluation.scores.model(evaluation=evaluation, grid_id=factories.STREET, unit=unit) for unit in units
    )
    assert WhistleSlip.objects.count() > 30
    assert [asked(address) for address in addresses] == few
