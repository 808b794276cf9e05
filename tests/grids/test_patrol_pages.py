"""The pages of rounds and self-checks: who finds what on them, what a phone sends twice, and what a stranger can try."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from governance import parameters
from grids.models import ChecklistItem, Hazard, PatrolItem, PatrolPoint, PatrolTick, Premises, SelfCheck
from incidents.models import Incident
from tests import factories
from tests.patrols import check, make_hazard, make_point, make_premises, make_ticks, tick
from tests.pictures import upload
from tests.standing import standing

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@standing
def worker(territory):
    return factories.make_staff("grid_worker", factories.BASE)


@pytest.fixture(autouse=True)
def no_limits_of_another_test():
    cache.clear()


def client_of(user) -> Client:
    client = Client()
    user.set_password("Demo-Shequ-1")
    user.save(update_fields=["password"])
    client.force_login(user, backend=BACKEND)
    return client


def phone(user) -> dict:
    """What a phone's outbox sends with a form."""
    return {"HTTP_ACCEPT": "application/json", "HTTP_X_ACCOUNT": str(user.pk)}


def statements(client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as found:
        assert client.get(url).status_code == 200
    return len(found)


# --- the round on the phone -------------------------------------------------------------------------------------------
def test_the_list_shows_what_is_due_what_a_colleague_did_and_what_has_time(worker):
    colleague = factories.make_staff("grid_worker", factories.BASE)
    due, done, later = (
        make_point(by=worker, order=2),
        make_point(by=worker, order=1),
        make_point(by=worker, every=7),
    )
    far = make_point(factories.FAR_BASE)
    tick(done, by=colleague)
    make_ticks(later, 2, by=colleague)
    page = client_of(worker).get(reverse("my_patrol"))
    assert [page.context[key] for key in ("due", "done", "later")] == [[due], [done], [later]]
    text = page.content.decode()
    assert far.name not in text and colleague.name not in text and page.context["asked"] == 2


def test_one_tap_notes_it_and_a_phone_may_send_it_twice(worker):
    point, client = make_point(by=worker), client_of(worker)
    url = reverse("patrol_tick", args=[point.pk])
    answer = client.post(url, {"token": "a"})
    assert answer.status_code == 302 and answer.url == reverse("my_patrol")
    again = client.post(url, {"token": "a", "captured_at": timezone.now().isoformat()}, **phone(worker))
    assert again.json()["state"] == "done" and PatrolTick.objects.count() == 1
    wrong = client.post(url, {"token": "b", "captured_at": "2001-01-01T00:00:00Z"}, **phone(worker))
    assert wrong.status_code == 422 and "7 天" in wrong.json()["said"]
    assert client.post(url, {"token": "c"}, HTTP_ACCEPT="application/json").json()["state"] == "signed_out"
    assert PatrolTick.objects.count() == 1


def test_a_tick_of_yesterday_arrives_when_the_point_has_ended(worker):
    point, client = make_point(by=worker, days=9), client_of(worker)
    yesterday = timezone.now() - timedelta(days=1)
    PatrolPoint.objects.filter(pk=point.pk).update(until=timezone.localdate(yesterday))
    url = reverse("patrol_tick", args=[point.pk])
    sent = client.post(url, {"token": "a", "captured_at": yesterday.isoformat()}, **phone(worker))
    assert sent.json()["state"] == "done"
    now = client.post(url, {"token": "b"}, **phone(worker))
    assert now.status_code == 422 and "已经停用" in now.json()["said"]
    assert PatrolTick.objects.get().day == timezone.localdate(yesterday)


def test_a_finding_becomes_an_incident_that_says_where_it_comes_from(worker, secretary):
    point, minor, client = make_point(by=worker, name="地下车棚"), factories.make_minor(), client_of(worker)
    url = reverse("patrol_finding")
    empty = client.post(url, {"point": point.pk, "result": "passed"}, **phone(worker))
    assert empty.status_code == 422 and [each["field"] for each in empty.json()["errors"]] == ["to"]
    sent = {
        "point": point.pk, "result": "passed", "to": f"incident:{minor.code}", "words": "飞线充电", "token": "f", "photos": upload(),
    }  # fmt: skip
    answer = client.post(url, sent, **phone(worker)).json()
    assert answer["state"] == "done" and Incident.objects.get().number in answer["said"]
    page = client.get(Incident.objects.get().get_absolute_url()).content.decode()
    assert "巡查发现：地下车棚" in page
    desk = client_of(secretary).get(Incident.objects.get().get_desk_url()).content.decode()
    assert reverse("admin:grids_patroltick_change", args=[PatrolTick.objects.get().pk]) in desk
    # Whoever reads the incident without reaching the round reads nothing of it.
    unit = factories.make_unit()
    factories.dispatch(Incident.objects.get(), by=secretary, to=unit)
    officer = factories.make_staff("department_officer", factories.DISTRICT, unit=unit)
    page = client_of(officer).get(Incident.objects.get().get_absolute_url())
    assert page.status_code == 200 and "巡查发现" not in page.content.decode()


def test_what_is_typed_wrongly_is_answered_in_words(worker):
    point, client = make_point(by=worker), client_of(worker)
    for point_key, result, choice in (
        ("9" * 40, "passed", "1"), ("x\x00", "mended", ""), (str(point.pk), "<b>", "\x00"), ("", "", "9" * 30),
    ):  # fmt: skip
        given = {
            "point": point_key,
            "result": result,
            "to": choice,
            "words": "长" * 400,
            "token": "t\x00",
        }
        assert client.post(reverse("patrol_finding"), given).status_code == 422
    given = {"began_at": "25:99", "ended_at": "x", "note": "长" * 999}
    assert client.post(reverse("patrol_end"), given).status_code == 422
    assert client.get(reverse("my_patrol") + "?in=%00").status_code == 404
    assert not PatrolTick.objects.exists()


def test_other_grids_points_do_not_exist(worker, secretary):
    point = make_point(by=worker)
    for who in (
        factories.make_staff("grid_worker", factories.FAR_BASE),
        factories.make_staff("street_officer", factories.STREET),
        factories.make_user(),
    ):
        client = client_of(who)
        assert client.post(reverse("patrol_tick", args=[point.pk])).status_code == 404
        assert client.get(f"{reverse('my_patrol')}?in={factories.BASE}").status_code == 404
    far = make_point(factories.FAR_BASE)
    given = {"point": far.pk, "result": "mended", "words": "越界", "token": "t"}
    assert client_of(worker).post(reverse("patrol_finding"), given).status_code == 422
    assert Client().get(reverse("my_patrol")).status_code == 302
    assert not PatrolTick.objects.exists()


def test_a_secretary_walks_any_grid_of_hers(secretary):
    other = factories.make_grid(factories.COMMUNITY + "002")
    here, there = make_point(by=secretary), make_point(other.code, by=secretary)
    client = client_of(secretary)
    page = client.get(f"{reverse('my_patrol')}?in={other.code}")
    assert page.context["due"] == [there] and len(page.context["grids"]) == 2
    answer = client.post(reverse("patrol_tick", args=[there.pk]), {"token": "a"})
    assert answer.url == f"{reverse('my_patrol')}?in={other.code}"
    assert client.get(reverse("my_patrol")).context["due"] == [here]


def test_nobody_else_reads_a_round(worker, secretary):
    point, client = make_point(by=worker), client_of(worker)
    client.post(reverse("patrol_tick", args=[point.pk]), {"token": "a"})
    given = {"began_at": "09:00", "ended_at": "10:15", "note": "独家小结"}
    assert client.post(reverse("patrol_end"), given).status_code == 302
    assert "独家小结" in client.get(reverse("patrol_end")).content.decode()
    desk = client_of(secretary)
    for url in (
        reverse("patrol_end"), reverse("admin:grids_patroltick_changelist"), reverse("admin:grids_patrolpoint_coverage"),
        reverse("admin:grids_patroltick_change", args=[PatrolTick.objects.get().pk]),
    ):  # fmt: skip
        text = desk.get(url).content.decode()
        assert "独家小结" not in text and worker.name not in text and worker.username not in text, url


def test_the_pages_take_as_many_statements_for_many_rows_as_for_one(worker, secretary, monkeypatch):
    # On a busy machine the test outlasts a reading of the parameters.
    monkeypatch.setattr(parameters, "_SECONDS", 3600)
    parameters.forget()
    phone_of, desk = client_of(worker), client_of(secretary)
    urls = [
        (phone_of, reverse("my_patrol")),
        (phone_of, reverse("patrol_finding")),
        (phone_of, reverse("my_selfchecks")),
        (phone_of, reverse("my_selfchecks") + "?tab=late"),
        *(
            (desk, reverse(f"admin:grids_{name}"))
            for name in (
                "patrolpoint_changelist", "patroltick_changelist", "patrolpoint_coverage", "selfcheck_changelist",
                "hazard_changelist", "selfcheck_figures", "selfcheck_late",
            )
        ),
    ]  # fmt: skip

    def fill(times: int) -> None:
        for _ in range(times):
            entrance = factories.make_entrance()
            looked = make_point(by=worker, entrance=entrance, items=PatrolItem.objects.all()[:3], days=9)
            tick(looked, by=worker)
            make_point(by=worker, entrance=entrance, items=PatrolItem.objects.all()[:3], days=9)
            make_hazard()
            make_premises()

    fill(1)
    few = [statements(client, url) for client, url in urls]
    fill(12)
    assert [statements(client, url) for client, url in urls] == few


# --- the desk ---------------------------------------------------------------------------------------------------------
def test_points_are_kept_copied_and_handed_out_at_the_desk(secretary):
    client = client_of(secretary)
    add, items = reverse("admin:grids_patrolpoint_add"), PatrolItem.objects.all()[:2]
    given = {
        "name": "3号楼车棚", "grid": factories.BASE, "every": "1", "order": "1", "since": str(timezone.localdate()),
        "items": [item.pk for item in items], "words": "灯",
    }  # fmt: skip
    assert client.post(add, given).status_code == 302
    point = PatrolPoint.objects.get()
    assert point.items.count() == 2
    again = client.post(add, given)
    assert again.status_code == 200 and "已有同名的点位" in again.content.decode()
    for wrong in (
        {"grid": factories.COMMUNITY}, {"grid": factories.FAR_BASE}, {"every": "0"}, {"every": "9" * 30}, {"name": "\x00"},
        {"longitude": "1e309", "latitude": "1"}, {"since": "0000-00-00"}, {"items": ["9" * 40]},
    ):  # fmt: skip
        assert client.post(add, {**given, "name": "另一个", **wrong}).status_code == 200, wrong
    assert PatrolPoint.objects.count() == 1
    change = reverse("admin:grids_patrolpoint_change", args=[point.pk])
    door = factories.make_entrance()
    assert client.post(change, {**given, "entrance": door.pk, "until": ""}).status_code == 302
    point.refresh_from_db()
    assert point.entrance == door
    other = factories.make_grid(factories.COMMUNITY + "002")
    copied = client.post(
        reverse("admin:grids_patrolpoint_copy"), {"source": factories.BASE, "target": other.code}
    )
    assert copied.status_code == 302 and PatrolPoint.objects.get(grid=other).items.count() == 2
    bad = client.post(
        reverse("admin:grids_patrolpoint_copy"), {"source": factories.BASE, "target": factories.FAR_BASE}
    )
    assert bad.status_code == 200 and PatrolPoint.objects.count() == 2
    for name in ("patrolpoint", "patroltick", "selfcheck", "hazard"):
        url = reverse(f"admin:grids_{name}_export")
        assert client.get(url).status_code == 200
    table = client.post(reverse("admin:grids_patrolpoint_export"), {"reason": "打印给网格员"})
    assert table["Content-Type"].startswith("application/vnd.openxml")


def test_who_may_only_read_a_point_is_not_told_how_to_fill_it_in(secretary):
    first, second = PatrolItem.objects.filter(is_active=True)[:2]
    point = make_point(items=[first, second])
    page = reverse("admin:grids_patrolpoint_change", args=[point.pk])
    hint = PatrolPoint._meta.get_field("name").help_text
    assert hint and hint in client_of(secretary).get(page).content.decode()
    read = client_of(factories.make_staff("street_officer", factories.STREET)).get(page).content.decode()
    assert hint not in read and f"{first}、{second}" in read


def test_a_number_of_the_coverage_opens_the_rows_it_counts(secretary, worker):
    point, late = make_point(by=worker, days=9), make_point(by=worker, days=9)
    make_ticks(point, 1, by=worker)
    tick(make_point(by=worker), by=worker)
    client = client_of(secretary)
    page = client.get(reverse("admin:grids_patrolpoint_coverage"))
    for row in page.context["rows"]:
        for key, cell in zip(page.context["columns"], row["cells"], strict=True):
            if cell["url"]:
                listed = client.get(cell["url"])
                assert listed.context["cl"].result_count == cell["value"], (key, cell)
    assert late.name in client.get(page.context["rows"][0]["cells"][5]["url"]).content.decode()
    street = client_of(factories.make_staff("street_officer", factories.STREET))
    page = street.get(reverse("admin:grids_patrolpoint_coverage") + "?days=30&in=" + factories.COMMUNITY)
    assert page.status_code == 200
    assert street.post(reverse("admin:grids_patrolpoint_coverage")).status_code == 200
    assert client_of(worker).post(reverse("admin:grids_patrolpoint_coverage")).status_code == 404
    far = client_of(factories.make_staff("community_secretary", factories.FAR))
    text = far.get(f"{reverse('admin:grids_patrolpoint_coverage')}?in={factories.COMMUNITY}").content.decode()
    assert f"in={factories.COMMUNITY}" not in text


def test_a_number_of_the_self_checks_opens_the_rows_it_counts(secretary, worker):
    for small in ("eatery", "inn"):
        make_hazard(make_premises(small=small))
        make_premises(small=small)
    client = client_of(secretary)
    for by in ("place", "small"):
        page = client.get(f"{reverse('admin:grids_selfcheck_figures')}?by={by}")
        opened = 0
        for row in page.context["rows"]:
            for cell in row["cells"]:
                if cell["url"]:
                    listed = client.get(cell["url"])
                    found = (
                        listed.context["cl"].result_count
                        if "cl" in listed.context
                        else len(listed.context["page"])
                    )
                    assert found == cell["value"], cell
                    opened += 1
        assert opened
    assert client.post(reverse("admin:grids_selfcheck_figures")).status_code == 200
    assert client.post(reverse("admin:grids_selfcheck_late")).status_code == 200
    assert client_of(worker).post(reverse("admin:grids_selfcheck_late")).status_code == 404
    for hostile in ("?in=%00", "?which=x&small=%00", "?page=" + "9" * 40, "?in=" + factories.FAR):
        assert client.get(reverse("admin:grids_selfcheck_late") + hostile).status_code == 200


# --- the shop's own page ----------------------------------------------------------------------------------------------
def answers(shop: Premises, *wrong: int, **more) -> dict:
    items = list(ChecklistItem.objects.asked_of(shop))
    given = {f"ok_{item.pk}": "0" if number in wrong else "1" for number, item in enumerate(items)}
    given |= {f"words_{items[number].pk}": "堆着纸箱" for number in wrong}
    return {**given, "checker": "马师傅", "token": "t1", **more}


def test_a_shopkeeper_checks_without_an_account_and_is_told_what_to_mend(client, territory):
    shop = make_premises(contact_name="欧阳老板", contact_phone="13800001234")
    url = reverse("selfcheck", args=[shop.token])
    text = client.get(url).content.decode()
    assert shop.name in text and "欧阳老板" not in text and "1380000" not in text
    assert len(re.findall(r'name="ok_\d+" value="1"', text)) == 10
    sent = client.post(url, answers(shop, 0))
    assert sent.status_code == 302 and sent.url == reverse("selfcheck_sent", args=[shop.token])
    told = client.get(sent.url).content.decode()
    assert "1 项要整改" in told and Hazard.objects.get().said in told
    client.post(url, answers(shop, 0))
    assert SelfCheck.objects.count() == 1
    # The next one who scans reads nothing of it.
    other = Client()
    assert other.get(sent.url).status_code == 302
    text = other.get(url).content.decode()
    assert "堆着纸箱" not in text and "马师傅" not in text


def test_what_is_left_out_is_asked_for_and_nothing_typed_is_lost(client, territory):
    shop = make_premises()
    url = reverse("selfcheck", args=[shop.token])
    item = ChecklistItem.objects.asked_of(shop).first()
    given = answers(shop, 1)
    del given[f"ok_{item.pk}"]
    given["checker"] = ""
    answer = client.post(url, given)
    text = answer.content.decode()
    assert answer.status_code == 422 and "堆着纸箱" in text and "请填写检查人姓名" in text
    second = ChecklistItem.objects.asked_of(shop)[1]
    silent = answers(shop, 1) | {f"words_{second.pk}": ""}
    assert "请写几个字，或者拍张照片" in client.post(url, silent).content.decode()
    broken = answers(shop, 1) | {f"photos_{second.pk}": upload("a.jpg"), "checker": "名" * 999}
    assert client.post(url, broken).status_code == 422
    hostile = dict.fromkeys(answers(shop), "\x00<script>")
    assert client.post(url, hostile).status_code == 422
    assert not SelfCheck.objects.exists()


def test_codes_that_open_nothing(client, worker):
    shop = make_premises()
    closed = make_premises(closed_on=timezone.localdate(), closing="停业")
    before = shop.token
    assert client_of(worker).post(reverse("renew_premises", args=[shop.pk])).status_code == 302
    for token in (before, closed.token, "nobody", "a" * 32):
        for answer in (client.get(f"/p/{token}/"), client.post(f"/p/{token}/", {})):
            assert answer.status_code == 404 and "这个二维码已经失效" in answer.content.decode()
    assert client.get("/p/" + "a" * 99 + "/").status_code == 404 and client.get("/p/%00/").status_code == 404
    shop.refresh_from_db()
    assert client.get(f"/p/{shop.token}/").status_code == 200


def test_a_flood_of_checks_ends(client, territory):
    shop, other = make_premises(), make_premises()
    url = reverse("selfcheck", args=[shop.token])
    codes = [client.post(url, answers(shop, token=f"t{n}")).status_code for n in range(8)]
    assert codes == [302] * 6 + [422] * 2 and SelfCheck.objects.count() == 6
    assert "太频繁" in client.post(url, answers(shop, token="t9")).content.decode()
    assert client.post(reverse("selfcheck", args=[other.token]), answers(other)).status_code == 302


def test_the_sheet_is_for_who_keeps_the_premises(worker):
    shop = make_premises(name="老马家<b>面馆")
    url = reverse("premises_qr", args=[shop.pk])
    text = client_of(worker).get(url).content.decode()
    assert f"/p/{shop.token}/" in text and "<b>面馆" not in text
    for who in (
        factories.make_staff("street_officer", factories.STREET),
        factories.make_staff("grid_worker", factories.FAR_BASE),
        factories.make_user(),
    ):
        client = client_of(who)
        assert client.get(url).status_code == 404
        assert client.post(reverse("renew_premises", args=[shop.pk])).status_code == 404


# --- a worker at a visit ----------------------------------------------------------------------------------------------
def test_a_worker_fills_it_in_and_follows_up(worker):
    shop, client = make_premises(), client_of(worker)
    late = client.get(reverse("my_selfchecks") + "?tab=late")
    assert late.context["rows"] == [shop]
    url = reverse("workers_check", args=[shop.pk])
    assert client.post(url, answers(shop, 0), **phone(worker)).json()["state"] == "done"
    hazard = Hazard.objects.get()
    assert hazard.by_staff and client.get(reverse("my_selfchecks")).context["rows"] == [hazard]
    look = reverse("hazard_look", args=[hazard.pk])
    assert client.get(look).status_code == 200
    assert client.post(look, {"result": "mended"}).status_code == 422
    assert client.post(look, {"result": "passed", "to": "\x00"}).status_code == 422
    minor = factories.make_minor()
    assert client.post(look, {"result": "passed", "to": f"incident:{minor.code}"}).status_code == 302
    text = client.get(look).content.decode()
    assert Incident.objects.get().number in text and 'value="passed"' not in text
    for _ in range(2):
        assert client.post(look, {"result": "mended", "words": "已清走"}).status_code == 302
    assert not Hazard.objects.unmended().exists()
    for who in (
        factories.make_staff("grid_worker", factories.FAR_BASE),
        factories.make_staff("street_officer", factories.STREET),
        factories.make_user(),
    ):
        other = client_of(who)
        assert other.get(look).status_code == 404 and other.get(url).status_code == 404


def test_a_self_checks_pictures_are_for_those_who_see_it(client, worker, secretary):
    shop = make_premises()
    row = check(shop, wrong=[0], photos={0: [upload()]})
    photo = row.answers.get(is_ok=False).photos.get()
    assert client_of(secretary).get(photo.url).status_code == 200
    far = factories.make_staff("grid_worker", factories.FAR_BASE)
    for other in (client, client_of(far), client_of(factories.make_user())):
        assert other.get(photo.url).status_code == 404
