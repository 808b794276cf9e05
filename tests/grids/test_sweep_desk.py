"""Sweeps at the desk: drawing one up without scripts, the preview, progress within one's reach, findings, report, tables, helpers."""

from io import BytesIO

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from docx import Document
from openpyxl import load_workbook

from governance.models import AccessEvent
from grids.flow import SWEEPS
from grids.models import Grid, Sweep, SweepHelper, SweepTarget
from grids.services.sweeps import hand_on
from incidents.models import Incident
from tests import factories
from tests.cast import Cast
from tests.pictures import upload
from tests.standing import standing
from tests.sweeping import answer, make_draft, make_households, make_running

pytestmark = pytest.mark.django_db
STREET, COMMUNITY, BASE = factories.STREET, factories.COMMUNITY, factories.BASE


@standing
def world(territory):
    cast = Cast()
    people = cast.people
    people["secretary"] = factories.make_staff("community_secretary", COMMUNITY)
    people["neighbour"] = factories.make_staff("community_secretary", factories.NEIGHBOUR)
    people["street"] = factories.make_staff("street_officer", STREET)
    people["far"] = factories.make_staff("community_secretary", factories.FAR)
    people["worker"] = factories.make_staff("grid_worker", BASE)
    people["next_worker"] = factories.make_staff("grid_worker", factories.NEIGHBOUR_BASE)
    make_households(BASE, 3)
    make_households(factories.NEIGHBOUR_BASE, 2)
    return cast


def of(sweep, page, *more):
    return reverse(f"admin:grids_sweep_{page}", args=[sweep.pk, *more])


def text_of(response):
    assert response.status_code == 200
    return response.content.decode()


def rows(sweep):
    return list(SweepTarget.objects.filter(sweep=sweep).order_by("grid", "position"))


def formset(*questions, **more):
    data = {"q-TOTAL_FORMS": len(questions), "q-INITIAL_FORMS": 0, **more}
    for number, question in enumerate(questions):
        data |= {f"q-{number}-{name}": value for name, value in question.items()}
    return data


def test_from_the_first_form_to_the_running_sweep_without_scripts(world):
    client = world.client("secretary")
    add = reverse("admin:grids_sweep_add")
    page = text_of(client.get(add))
    assert 'value="3"' in page and "网格002" in page and "网格004" not in page
    given = {
        "kind": "emergency",
        "about": "households",
        "title": "漏雨排查",
        "grid": COMMUNITY,
        "template": "flood",
    }
    wrong = client.post(add, given | {"hours": "", "grid": factories.FAR})
    assert "请填写几小时内完成" in text_of(wrong) and "请选择排查地点" in text_of(wrong)
    wrong = client.post(add, given | {"hours": "3", "template": "shops"})
    assert "排查表和查的对象不一致" in text_of(wrong)
    assert client.post(add, given | {"hours": "3"}).status_code == 302
    sweep = Sweep.objects.get()
    page = text_of(client.get(of(sweep, "change")))
    assert "要查 <b>3</b> 户" in page and "要不要帮助转移" in page and "启动排查" in page
    assert client.post(of(sweep, "scope"), {"uses": ["let"]}).status_code == 302
    page = text_of(client.get(of(sweep, "change")))
    assert "要查 <b>0</b> 户" in page and "住房情况：出租" in page
    assert "请从列出的选项里选" in text_of(client.post(of(sweep, "scope"), {"uses": ["x"], "grids": ["9"]}))
    client.post(of(sweep, "scope"), {"grids": [BASE]})
    assert client.get(of(sweep, "words")).status_code == 200
    for wrong in (
        {"title": "", "hours": "3"},
        {"title": "改", "hours": "0"},
        {"title": "改", "hours": "9" * 30},
    ):
        assert client.post(of(sweep, "words"), wrong).status_code == 200
    assert client.post(of(sweep, "words"), {"title": "雨后漏雨排查", "hours": "4"}).status_code == 302
    sweep.refresh_from_db()
    assert (sweep.title, sweep.hours) == ("雨后漏雨排查", 4)
    do = of(sweep, "do", "start")
    sweep.refresh_from_db()
    for _ in range(2):
        assert client.post(do, {"version": sweep.version}).status_code == 302
    sweep.refresh_from_db()
    assert sweep.is_running and SweepTarget.objects.count() == 3
    assert client.get(of(sweep, "scope")).status_code == 404
    assert client.get(of(sweep, "questions")).status_code == 404


def test_questions_are_written_ordered_and_mended_in_a_plain_form(world):
    client, sweep = world.client("secretary"), make_draft(by=world.people["secretary"])
    url = of(sweep, "questions")
    assert "楼道有没有堆物" in text_of(client.get(url))
    bad = formset(
        {"label": "什么燃气", "kind": "choice", "options": "管道\n瓶装", "finding": "电"},
        {"label": "", "kind": "text"},
    )
    page = text_of(client.post(url, bad))
    assert "“电”不在选项里" in page and "管道\n瓶装" in page
    good = formset(
        {"label": "第二", "kind": "text", "ORDER": "2"},
        {
            "label": "第一",
            "kind": "choice",
            "options": "甲\r\n乙\r\n",
            "finding": "乙",
            "ORDER": "1",
            "required": "on",
        },
        {"label": "不要", "kind": "text", "DELETE": "on"},
    )
    assert client.post(url, good | {"more": "1"}).url == url
    sweep.refresh_from_db()
    assert [(each["label"], each["finding"]) for each in sweep.questions] == [("第一", ["乙"]), ("第二", [])]
    assert "1 到 20 道题" in text_of(client.post(url, formset({"label": "", "kind": "yes_no"})))
    for hostile in (
        {},
        {"q-TOTAL_FORMS": "9" * 30},
        {"q-TOTAL_FORMS": "x"},
        formset({"label": "\x00", "kind": "?"}),
    ):
        assert client.post(url, hostile).status_code == 200


def test_progress_shows_each_her_part_and_renews_itself(world):
    sweep = make_running(by=world.people["street"], code=STREET)
    answer(rows(sweep)[0], world.people["worker"], found=True)
    page = text_of(world.client("street").get(of(sweep, "live")))
    assert 'data-code="120106001002" data-percent="33" data-begun="1"' in page
    assert 'data-code="120106001004" data-percent="0" data-begun=""' in page
    assert f'hx-get="{of(sweep, "numbers")}' in page and "1 个还没有开始" in page
    part = text_of(world.client("street").get(of(sweep, "numbers"), {"in": COMMUNITY, "sort": "behind"}))
    assert f'data-code="{BASE}"' in part and "<html" not in part
    hers = text_of(world.client("neighbour").get(of(sweep, "live")))
    assert factories.NEIGHBOUR_BASE in hers and f'data-code="{BASE}"' not in hers
    asked = text_of(world.client("neighbour").get(of(sweep, "live"), {"in": COMMUNITY}))
    assert f'data-code="{BASE}"' not in asked
    for node in ("x", "\x00", "9" * 15, "120106"):
        assert world.client("street").get(of(sweep, "live"), {"in": node}).status_code == 200
    assert world.client("far").get(of(sweep, "live")).status_code == 404


def test_the_map_of_progress_has_the_grids_with_nothing_to_check(world):
    second, gone = factories.COMMUNITY + "002", factories.COMMUNITY + "003"
    factories.make_grid(second)
    factories.make_grid(gone)
    box = {"type": "Polygon", "coordinates": [[[117, 39], [117.1, 39], [117.1, 39.1], [117, 39]]]}
    Grid.objects.update(boundary=box)
    Grid.objects.filter(pk=gone).update(valid_until=timezone.localdate())
    sweep = make_running(by=world.people["street"], code=STREET)

    def drawn(who, **asked):
        page = world.client(who).get(of(sweep, "live"), asked)
        return [each["code"] for each in page.context["map"]["areas"]], "没有要查的" in text_of(page)

    assert drawn("street", **{"in": COMMUNITY}) == ([BASE, second], True)
    assert drawn("secretary", **{"in": COMMUNITY}) == ([BASE, second], True)
    # Of what is another's she learns neither that there is something nor that there is nothing.
    assert drawn("neighbour", **{"in": COMMUNITY}) == ([factories.NEIGHBOUR_BASE], False)


def test_progress_costs_the_same_for_few_grids_and_many(world):
    def cost():
        sweep = make_running(by=world.people["street"], code=STREET)
        client = world.client("street")
        client.get(of(sweep, "numbers"))
        with CaptureQueriesContext(connection) as captured:
            client.get(of(sweep, "numbers"))
        return len(captured)

    few = cost()
    for number in range(2, 12):
        make_households(f"{COMMUNITY}{number:03d}", 2)
    assert cost() == few


def test_a_finding_is_handed_on_once_with_its_pictures(world):
    minor = factories.make_minor()
    sweep = make_running(by=world.people["secretary"])
    first, second, _ = rows(sweep)
    answer(first, world.people["worker"], found=True, photos=[upload()])
    answer(second, world.people["worker"])
    client = world.client("secretary")
    page = text_of(client.get(of(sweep, "findings")))
    assert "堆了纸箱" in page and "转办" in page and str(second) not in page
    assert first.photos.get().thumb_url in page
    address = of(sweep, "finding", first.pk)
    assert "楼道有没有堆物：是" in text_of(client.get(address))
    for wrong, said in (
        ({"to": "", "words": "楼道堆物"}, "请选择转到哪里"),
        ({"to": "incident:none", "words": "楼道堆物"}, "请另选"),
        ({"to": "order:1", "words": "楼道堆物"}, "请另选"),
        ({"to": f"incident:{minor.code}", "words": "x\x00"}, "空字符"),
        ({"to": f"incident:{minor.code}", "words": " "}, "请写明是什么问题"),
    ):
        assert said in text_of(client.post(address, wrong)), wrong
    assert not Incident.objects.exists()
    right = {"to": f"incident:{minor.code}", "words": "一楼堆了纸箱，堵住楼道", "is_urgent": "on"}
    assert world.client("next_worker").post(address, right).status_code in (302, 404)
    assert world.client("far").post(address, right).status_code == 404
    assert client.post(address, right).status_code == 302
    assert client.post(address, right).status_code == 404
    incident = Incident.objects.get()
    assert (incident.description, incident.spot, incident.grid_id) == (right["words"], first.name, BASE)
    assert incident.is_urgent and incident.entrance == first.household.entrance
    assert incident.photos.count() == 1 and incident.placed_by == world.people["secretary"]
    page = text_of(client.get(of(sweep, "findings")))
    assert incident.number in page and incident.get_desk_url() in page and address not in page
    first.refresh_from_db()
    assert f"{sweep.title}发现：{first}" in text_of(client.get(incident.get_desk_url()))
    assert client.get(first.photos.get().url).status_code == 200
    assert world.client("far").get(first.photos.get().url).status_code == 404
    assert world.client("far").get(of(sweep, "findings")).status_code == 404
    for key in (second.pk, 10**15):
        assert client.get(of(sweep, "finding", key)).status_code == 404
    assert world.client("far").get(address).status_code == 404


def test_findings_cost_the_same_however_many_were_handed_on(world):
    minor = factories.make_minor()
    sweep = make_running(by=world.people["secretary"])
    client = world.client("secretary")

    def cost():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(of(sweep, "findings")).status_code == 200
        return len(captured)

    def found_and_handed_on(some):
        for row in some:
            answer(row, world.people["worker"], found=True, photos=[upload()])
            row.refresh_from_db()
            hand_on(row, by=world.people["secretary"], to=f"incident:{minor.code}", words="堆物")

    first, *others = rows(sweep)
    found_and_handed_on([first])
    cost()
    few = cost()
    found_and_handed_on(others)
    assert Incident.objects.count() == 3 and cost() == few


def test_the_report_is_a_page_and_a_paper_for_who_sees_all_of_it(world):
    sweep = make_running(by=world.people["street"], code=STREET)
    first = rows(sweep)[0]
    answer(first, world.people["worker"], found=True, answers={"q1": "是", "q2": 3})
    first.refresh_from_db()
    hand_on(first, by=world.people["secretary"], to=f"incident:{factories.make_minor().code}", words="堆物")
    assert world.client("street").get(of(sweep, "report")).status_code == 404
    assert "请写明原因和后续怎么办" in text_of(
        world.client("street").post(of(sweep, "do", "close"), {"version": sweep.version})
    )
    done = world.client("street").post(
        of(sweep, "do", "close"), {"version": sweep.version, "note": "四户明早补查"}
    )
    assert done.status_code == 302
    page = text_of(world.client("street").get(of(sweep, "report")))
    assert "四户明早补查" in page and "是 1（有问题）" in page and "合计 3人" in page
    assert "结束时已转办 1 户" in page
    paper = world.client("street").get(of(sweep, "paper"))
    words = "\n".join(each.text for each in Document(BytesIO(paper.content)).paragraphs)
    assert (
        "应查5户，查到1户" in words
        and "发现有问题的1户，其中已转办1户。" in words
        and "四户明早补查" in words
    )
    assert AccessEvent.objects.filter(summary__contains=sweep.number).count() == 1
    assert world.client("secretary").get(of(sweep, "report")).status_code == 404
    assert "看进度" in text_of(world.client("secretary").get(of(sweep, "change")))
    assert "排查报告" in text_of(world.client("street").get(of(sweep, "change")))


def test_rows_are_taken_away_with_a_reason_by_who_may(world):
    sweep = make_running(by=world.people["street"], code=STREET)
    first, second, *_ = rows(sweep)
    answer(first, world.people["worker"], found=True, answers={"q1": "是", "q3": "=1+1"})
    client, url = world.client("secretary"), of(sweep, "table")
    assert "请写明导出用途" in text_of(client.post(url, {"which": "all", "reason": "x"}))
    answered = client.post(url, {"which": "all", "reason": "核对名单"})
    table = load_workbook(BytesIO(answered.content)).active
    lines = list(table.values)
    assert len(lines) == 4 and "楼道有没有堆物" in lines[0]
    assert [line for line in lines if "是" in line] and "'=1+1" in lines[1]
    assert AccessEvent.objects.filter(kind="export", reason="核对名单").count() == 1
    left = load_workbook(BytesIO(client.post(url, {"which": "left", "reason": "补查用途"}).content)).active
    assert left.max_row == 3
    assert world.client("worker").get(url).status_code == 404
    assert world.client("far").get(url).status_code == 404


def test_helpers_are_named_and_let_go_at_the_desk(world):
    sweep = make_running(by=world.people["street"], code=STREET)
    helper = factories.make_user("陈帮手")
    client, url = world.client("secretary"), of(sweep, "helper")
    assert "没有找到这个账号" in text_of(client.post(url, {"who": "13000000000", "grid": BASE}))
    assert "请选择网格" in text_of(client.post(url, {"who": helper.phone, "grid": factories.NEIGHBOUR_BASE}))
    assert client.post(url, {"who": helper.phone, "grid": BASE}).status_code == 302
    row = SweepHelper.objects.get()
    assert "收回" in text_of(client.get(of(sweep, "change")))
    assert world.client("neighbour").post(of(sweep, "release", row.pk)).status_code == 404
    assert client.post(of(sweep, "release", row.pk)).status_code == 302
    assert not SweepHelper.objects.exists()
    SWEEPS.run(sweep, "close", by=world.people["street"], note="先到这里")
    assert client.get(url).status_code == 404


def test_each_line_of_the_list_counts_the_person_s_own_part(world):
    """Of one that runs and of one that has ended alike, in the list, on the page and in the table."""
    running, ended = (make_running(by=world.people["street"], code=STREET) for _ in range(2))
    for sweep in (running, ended):
        answer(rows(sweep)[0], world.people["worker"], found=True, answers={"q1": "是"})
    SWEEPS.run(ended, "close", by=world.people["street"], note="先到这里")
    listed = reverse("admin:grids_sweep_changelist")
    for who, total, percent in (("street", 5, 20), ("secretary", 3, 33)):
        client = world.client(who)
        page = text_of(client.get(listed))
        assert page.count(f"{total} 户") == 2 and page.count(f"{percent}%") == 2, who
        assert f"{total} 户" in text_of(client.get(of(running, "change")))
    table = world.client("street").post(reverse("admin:grids_sweep_export"), {"reason": "核对数字"})
    lines = list(load_workbook(BytesIO(table.content)).active.values)
    assert {line[9:11] for line in lines[1:]} == {(5, 1)}


def test_the_list_and_its_table(world):
    sweep = make_running(by=world.people["secretary"])
    SWEEPS.run(sweep, "close", by=world.people["secretary"], note="x")
    client, listed = world.client("secretary"), reverse("admin:grids_sweep_changelist")
    assert sweep.number in text_of(client.get(listed, {"kind": "emergency", "status": "closed"}))
    assert sweep.number not in text_of(world.client("far").get(listed))
    table = client.post(reverse("admin:grids_sweep_export"), {"reason": "季度汇总"})
    assert list(load_workbook(BytesIO(table.content)).active.values)[1][9] == 3
    assert "进行中的排查" in text_of(client.get("/admin/"))


def test_nobody_below_moves_a_sweep_of_above(world):
    sweep = make_running(by=world.people["street"], code=STREET)
    for person in ("secretary", "worker", "far"):
        client = world.client(person)
        for action in ("close", "extend", "remind", "call_off"):
            assert (
                client.post(of(sweep, "do", action), {"version": sweep.version, "note": "x"}).status_code
                == 404
            )
    assert Client().get(of(sweep, "live")).status_code == 302
