"""The desk of the systems that send incidents, the intake of the desk itself, and the catalogue as a table."""

import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from governance.models import AccessEvent, User
from incidents.models import Incident, MajorClass, MinorClass, Source, SourceCall
from incidents.services import catalogue, sources
from tests import factories
from tests.incidents.test_source_api import URL, body, client_of
from tests.pictures import jpeg
from tests.standing import standing

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def page(model: str, name: str, *args) -> str:
    return reverse(f"admin:incidents_{model}_{name}", args=args)


def enter(client, role: str, code: str = factories.DISTRICT) -> User:
    user = factories.make_staff(role, code)
    client.force_login(user, backend=BACKEND)
    return user


# --- sources ------------------------------------------------------------------------------------------------------------
def test_a_source_is_set_up_and_its_key_shown_once(client, territory):
    administrator = enter(client, "system_administrator")
    given = {"key": "smoke", "name": "烟感平台", "channel": "device", "per_minute": "30", "is_active": "on"}
    shown = client.post(page("source", "add"), given)
    source = Source.objects.get()
    key = shown.context["secret"]
    assert (
        shown.status_code == 200 and sources.recognise(key) == source and "no-store" in shown["Cache-Control"]
    )
    assert (source.account.username, source.account.name) == ("source-smoke", "烟感平台")
    minor = factories.make_minor()
    assert client_of(key).post(URL, body(minor), format="json").status_code == 201
    assert client_of(key).post(URL, body(minor, source_id="x y"), format="json").status_code == 400

    listed = client.get(page("source", "changelist")).content.decode()
    assert "烟感平台" in listed and "30 次" in listed and key not in listed
    [row] = client.get(page("source", "changelist")).context["cl"].result_list
    assert (row.calls_number, row.refused_number) == (2, 1)
    assert "今日被拒的来件" in client.get(reverse("admin:index")).content.decode()
    assert key not in client.get(page("source", "change", source.pk)).content.decode()

    address = page("source", "key", source.pk)
    assert "请填写理由" in client.post(address, {"reason": ""}).content.decode()
    new = client.post(address, {"reason": "对方换了服务器"}).context["secret"]
    assert sources.recognise(key) is None and sources.recognise(new) == source
    changed = {"key": "other", "name": "烟感总平台", "channel": "device", "per_minute": "0"}
    assert "1 到 6000" in client.post(page("source", "change", source.pk), changed).content.decode()
    client.post(page("source", "change", source.pk), {**changed, "per_minute": "5"})
    source.refresh_from_db()
    assert (source.key, source.name, source.is_active) == ("smoke", "烟感总平台", False)
    assert User.objects.get(pk=source.account_id).name == "烟感总平台" and sources.recognise(new) is None
    lines = AccessEvent.objects.filter(kind="configure", actor=administrator).order_by("pk")
    assert [line.summary.split("：")[0] for line in lines] == [
        "新建来源系统",
        "生成新密钥",
        "修改来源系统 smoke",
    ]
    assert lines[1].reason == "对方换了服务器"


def test_a_source_keeps_to_names_that_are_free(client, territory):
    enter(client, "system_administrator")
    sources.create_source("smoke", "烟感平台", "device", None)
    given = {"key": "portal", "name": "平台", "channel": "device", "per_minute": "30", "is_active": "on"}
    for wrong in (
        {},
        {"key": "smoke"},
        {"key": "new", "name": "烟感平台"},
        {"key": "有"},
        {"key": "a", "channel": "resident"},
    ):
        answer = client.post(page("source", "add"), given | wrong)
        assert answer.status_code == 200 and "secret" not in (answer.context or {})
    assert Source.objects.count() == 1 and User.objects.filter(username__startswith="source-").count() == 1


def test_who_sees_sources_and_their_log(client, territory):
    source, key = sources.create_source("smoke", "烟感平台", "device", None)
    client_of(key).get(f"{URL}/nothing")
    call = SourceCall.objects.get()
    for role, seen in (("auditor", False), ("system_administrator", True), ("seat_operator", None)):
        enter(client, role)
        expected = 200 if seen else 404
        assert client.get(page("source", "changelist")).status_code in (expected, 403)
        for name in ("change", "key"):
            assert client.get(page("source", name, source.pk)).status_code == expected, (role, name)
        log = 404 if seen is None else 200
        assert client.get(page("sourcecall", "change", call.pk)).status_code == log
        for query in ("", f"?source={source.pk}&answer=refused&day=today", "?answer=often"):
            answer = client.get(page("sourcecall", "changelist") + query)
            assert answer.status_code == log
            if log == 200:
                assert len(answer.context["cl"].result_list) == (0 if "often" in query else 1)
        assert client.post(page("sourcecall", "change", call.pk), {"words": "x"}).status_code in (403, 404)


# --- the desk's own intake -------------------------------------------------------------------------------------------------
@standing
def minor(territory):
    return factories.make_minor(name="暴露垃圾")


@pytest.fixture
def desk(client, minor, secretary):
    client.force_login(secretary, backend=BACKEND)
    return client


def report(minor, **fields) -> dict:
    return {
        "channel": "desk", "minor_class": minor.pk, "grid": factories.BASE, "description": "楼门口一堆垃圾没人清", **fields
    }  # fmt: skip


def test_what_somebody_says_on_the_phone_is_taken_down(desk, minor, secretary):
    resident = factories.make_user("李奶奶")
    given = report(minor, name="李奶奶", phone=resident.phone, photos=[SimpleUploadedFile("a.jpg", jpeg())])
    answer = desk.post(page("incident", "add"), given)
    incident = Incident.objects.get()
    assert answer.status_code == 302 and answer.url == page("incident", "change", incident.pk)
    assert (incident.channel, incident.placed_by, incident.applicant) == ("desk", secretary, resident)
    assert incident.photos.count() == 1


def test_what_is_alike_is_shown_before_it_is_sent(desk, minor):
    first = factories.make_incident(minor_class=minor, description="楼门口有垃圾没人清", spot="东侧")
    given = report(minor, spot="东侧")
    part = desk.get(page("incident", "alike"), given).content.decode()
    assert first.number in part and f'value="{first.pk}"' in part
    shown = desk.post(page("incident", "add"), given).content.decode()
    assert "可能已经登记过" in shown and first.number in shown and "仍要登记" in shown
    assert "楼门口一堆垃圾没人清" in shown and Incident.objects.count() == 1
    desk.post(page("incident", "add"), {**given, "seen": [first.pk]})
    assert Incident.objects.count() == 2


def test_a_number_of_theirs_counts_once(desk, client, minor):
    given = report(minor, channel="hotline", number="RX-1")
    desk.post(page("incident", "add"), given)
    incident = Incident.objects.get()
    again = desk.post(page("incident", "add"), {**given, "seen": incident.pk}, follow=True)
    assert "以前已登记" in again.content.decode() and Incident.objects.count() == 1
    assert again.redirect_chain[-1][0] == page("incident", "change", incident.pk)
    # The hotline's own system means the same ticket by it, and a far desk learns no more than that there is one.
    enter(client, "community_secretary", factories.FAR)
    away = client.post(
        page("incident", "add"),
        report(minor, channel="hotline", number="RX-1", grid=factories.FAR),
        follow=True,
    )
    assert "由别处办理" in away.content.decode() and incident.number not in away.content.decode()


def test_places_out_of_reach_and_empty_fields_are_refused(desk, minor):
    door = factories.make_entrance(factories.FAR_BASE)
    for wrong, words in (
        ({"grid": factories.FAR_BASE}, "不在您的管辖范围内"),
        ({"grid": "", "entrance": door.pk}, "不在您的管辖范围内"),
        ({"grid": ""}, "请选择楼门，没有楼门的请选择网格"),
        ({"channel": "resident"}, "请选择怎样来的"),
        ({"minor_class": ""}, "请选择类别"),
        ({"description": ""}, "请写几个字"),
        ({"number": "a b"}, "编号不能有空格"),
        ({"phone": "123"}, "请填写 11 位手机号码"),
        ({"channel": "opinion"}, "在哪个平台看到的"),
        ({"channel": "opinion", "origin": "某论坛", "description": "@小明 说没人清"}, "请去掉发帖人的账号"),
        ({"captured_at": "2020-01-01T10:00"}, "发现时间应在最近 7 天以内"),
        ({"photos": [SimpleUploadedFile("a.jpg", b"MZ")]}, "不是可用的照片"),
    ):
        answer = desk.post(page("incident", "add"), {**report(minor), **wrong})
        assert answer.status_code == 200 and words in answer.content.decode(), words
    assert not Incident.objects.exists()


def test_public_opinion_names_its_platform(desk, minor):
    then = timezone.localtime() - timedelta(days=20)
    given = report(minor, channel="opinion", origin="某论坛", captured_at=f"{then:%Y-%m-%dT%H:%M}")
    desk.post(page("incident", "add"), given)
    incident = Incident.objects.get()
    assert incident.channel == "opinion" and incident.description.startswith("（来自某论坛）")


def test_the_intake_is_for_those_who_report_by_a_post(client, minor, secretary):
    for role, code, status in (
        ("district_head", factories.DISTRICT, 404),
        ("department_officer", factories.DISTRICT, 404),
        ("community_worker", factories.COMMUNITY, 200),
        ("seat_operator", factories.DISTRICT, 200),
    ):
        user = factories.make_staff(
            role, code, **({"unit": factories.make_unit()} if "officer" in role else {})
        )
        client.force_login(user, backend=BACKEND)
        for name in ("add", "alike"):
            assert client.get(page("incident", name)).status_code == status, role


# --- the catalogue as a table ----------------------------------------------------------------------------------------------
def sheet_of(content: bytes) -> list[list]:
    return [
        list(line) for line in load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(values_only=True)
    ]


def test_the_catalogue_is_taken_out_changed_and_loaded(client, territory):
    catalogue.load_catalogue(catalogue.read_default())
    enter(client, "system_administrator")
    size, histories = MinorClass.objects.count(), MinorClass.history.count()
    heads, *lines = sheet_of(client.get(page("minorclass", "download")).content)
    assert len(lines) == size and heads[0] == "大类编号"
    at = {name: index for index, name in enumerate(heads)}
    # Two swap their names, one changes its limit, one goes, one comes; codes lose their zeros as spreadsheets do it.
    a, b, changed, gone = lines[0], lines[1], lines[2], lines.pop()
    a[at["小类"]], b[at["小类"]] = b[at["小类"]], a[at["小类"]]
    changed[at["时限"]] = 9
    new = [*changed]
    new[at["小类编号"]], new[at["小类"]], new[at["默认承办部门"]] = "0199", "新的小类", "没有的单位"
    a[at["大类编号"]], a[at["小类编号"]] = 1, int(a[at["小类编号"]])
    shown = upload(client, heads, *lines, new)
    changes = shown.context["changes"]
    assert (len(changes.new), len(changes.changed), len(changes.gone)) == (1, 3, 1)
    text = shown.content.decode()
    assert "没有“没有的单位”这个单位" in text and "0199" in text and MinorClass.objects.count() == size
    answer = client.post(
        page("minorclass", "import"), {"looked_over": shown.context["looked_over"]}, follow=True
    )
    assert "新增 1，修改 3，停用 1" in answer.content.decode()
    assert (
        MinorClass.objects.get(code=a[at["小类编号"]] if isinstance(a[at["小类编号"]], str) else "0101").name
        == a[at["小类"]]
    )
    assert not MinorClass.objects.get(code=gone[at["小类编号"]]).is_active
    assert MinorClass.objects.get(code="0199").limit == 9
    assert MinorClass.history.count() == histories + 5
    assert AccessEvent.objects.filter(summary__startswith="导入事件目录").count() == 1
    assert "完全一样" in upload(client, heads, *lines, new).content.decode()


def upload(client, *lines):
    from tests.incidents.test_imports import book

    data = book(*lines[1:], headings=lines[0])
    return client.post(page("minorclass", "import"), {"file": SimpleUploadedFile("目录.xlsx", data)})


def test_mistakes_in_a_catalogue_are_told_by_row_and_nothing_changes(client, minor):
    other = factories.make_minor(name="停用的类", is_active=False)
    enter(client, "system_administrator")
    heads, line = sheet_of(client.get(page("minorclass", "template")).content)
    at = {name: index for index, name in enumerate(heads)}
    for column, cell, words in (
        ("时限", "很快", "第 2 行：时限要填 1 到 400 的整数"),
        ("接收", "马上", "“马上”不认识"),
        ("小类编号", "9901", "要以大类编号“01”开头"),
        ("小类", "停用的类", f"是小类 {other.code} 的名称"),
        ("小类", "", "没有填写小类"),
    ):
        wrong = [*line]
        wrong[at[column]] = cell
        answer = upload(client, heads, wrong)
        assert words in answer.content.decode(), words
    assert (
        "没有这些列：小类编号"
        in upload(client, [h for h in heads if h != "小类编号"], line[:-1]).content.decode()
    )
    for forged in ("", "x", "eyJ:1:2"):
        assert "已过期" in client.post(page("minorclass", "import"), {"looked_over": forged}).content.decode()
    assert MinorClass.objects.count() == 2 and MajorClass.objects.count() == 1


def test_only_who_keeps_the_catalogue_loads_it(client, minor):
    enter(client, "seat_operator")
    for name, status in (("import", 404), ("template", 404), ("download", 200)):
        assert client.get(page("minorclass", name)).status_code == status
    assert "导入目录" not in client.get(page("minorclass", "changelist")).content.decode()
