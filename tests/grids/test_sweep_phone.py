"""Sweeps on the phone: the banner, the list, the doors, taking in, what is wrong in words, what the outbox is answered."""

import pytest
from django.test import Client
from django.urls import reverse

from grids.flow import SWEEPS
from grids.models import Grid, SweepTarget
from grids.services import sweeps as services
from tests import factories, sweeping
from tests.cast import BACKEND
from tests.standing import standing

pytestmark = pytest.mark.django_db
BASE = factories.BASE


@standing
def world(territory):
    secretary = factories.make_staff("community_secretary", factories.COMMUNITY)
    worker, colleague = (factories.make_staff("grid_worker", BASE) for _ in range(2))
    sweeping.make_households(BASE, 3)
    sweep = sweeping.make_running(by=secretary)
    return secretary, worker, colleague, sweep


def phone_of(user) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def page_of(sweep, name="sweep_grid"):
    return reverse(name, args=[sweep.number, BASE])


def rows(sweep):
    return list(SweepTarget.objects.filter(sweep=sweep).order_by("position"))


def fields(row, token="t", **more):
    return {"target": row.pk, "version": row.version, "token": token, "outcome": "done", "q_q1": "否", **more}


def later(user, url, data):
    return phone_of(user).post(
        url, data, headers={"Accept": "application/json", "X-Account": str(user.pk), "X-Kept": "1"}
    )


def test_the_banner_shows_while_one_runs_here_and_leads_to_the_doors(world):
    _, worker, _, sweep = world
    home = phone_of(worker).get("/").content.decode()
    assert "sw-banner" in home and "楼道消防排查" in home
    assert "sw-banner" not in phone_of(factories.make_user()).get("/").content.decode()
    elsewhere = factories.make_staff("grid_worker", factories.NEIGHBOUR_BASE)
    assert "sw-banner" not in phone_of(elsewhere).get("/").content.decode()
    mine = phone_of(worker).get(reverse("my_sweeps")).content.decode()
    assert page_of(sweep) in mine and "没查 3 户" in mine
    assert "现在没有排查" in phone_of(elsewhere).get(reverse("my_sweeps")).content.decode()
    assert phone_of(factories.make_user()).get(reverse("my_sweeps")).status_code == 404


def test_from_door_to_door_without_scripts(world):
    _, worker, colleague, sweep = world
    first, second, _ = rows(sweep)
    client = phone_of(worker)
    there = client.post(page_of(sweep, "sweep_take"), {"target": first.pk})
    assert there.url == f"{page_of(sweep)}?t={first.pk}#fill"
    page = client.get(there.url).content.decode()
    assert "楼道有没有堆物" in page and f'value="{first.pk}"' in page
    seen = phone_of(colleague).get(there.url).content.decode()
    assert f"正在由{worker}办理" in seen
    answered = client.post(page_of(sweep), fields(first))
    assert answered.url == f"{page_of(sweep)}?t={second.pk}#fill"
    second.refresh_from_db()
    assert second.taken_by == worker
    assert "还有 <b data-sweep-left>2</b> 户没去过" in client.get(page_of(sweep)).content.decode()


def test_what_is_wrong_is_told_and_nothing_typed_is_lost(world):
    _, worker, _, sweep = world
    first = rows(sweep)[0]
    client = phone_of(worker)
    page = client.post(page_of(sweep), fields(first, q_q1="", q_q3="有异味"))
    text = page.content.decode()
    assert page.status_code == 422 and "请选择：楼道有没有堆物。" in text and "有异味" in text
    page = client.post(page_of(sweep), fields(first, q_q1="是"))
    assert "请写几个字说明是什么情况" in page.content.decode()
    assert "有问题的，请写几个字" in page.context["rules"] and '"field": "q_q1"' in page.context["rules"]
    page = client.post(page_of(sweep), fields(first, q_q2="9" * 19, q_q1="火", outcome="x", version="-1"))
    assert page.status_code == 422
    assert not SweepTarget.objects.exclude(outcome="").exists()


def test_the_outbox_is_answered_once_and_a_clash_shows_both_versions(world):
    _, worker, colleague, sweep = world
    first, second, _ = rows(sweep)
    got = later(worker, page_of(sweep), fields(first)).json()
    assert got["state"] == "done" and got["next"] == second.pk and got["left"] == 2 and got["percent"] == 33
    assert later(worker, page_of(sweep), fields(first)).json()["state"] == "done"
    late = later(colleague, page_of(sweep), fields(first, token="u", q_q1="是", words="有纸箱"))
    told = late.json()
    assert late.status_code == 409 and told["state"] == "stale" and told["version"] is None
    assert str(worker) in told["said"] and "留存" in told["said"]
    assert "楼道有没有堆物：否" in told["steps"][0]["said"] and "有纸箱" in told["steps"][1]["said"]
    wrong = later(worker, page_of(sweep), fields(second, q_q1=""))
    assert wrong.status_code == 422 and wrong.json()["errors"][0]["field"] == "q_q1"
    other = phone_of(colleague).post(
        page_of(sweep), fields(second), headers={"Accept": "application/json", "X-Account": str(worker.pk)}
    )
    assert other.status_code == 401


def test_a_clash_on_the_page_shows_both_versions(world):
    _, worker, colleague, sweep = world
    first = rows(sweep)[0]
    phone_of(worker).post(page_of(sweep), fields(first))
    page = phone_of(colleague).post(page_of(sweep), fields(first, token="u", q_q1="是", words="有纸箱"))
    text = page.content.decode()
    assert page.status_code == 409 and "楼道有没有堆物：否" in text and "有纸箱" in text


def test_her_own_answer_may_be_mended_and_anothers_is_read(world):
    _, worker, colleague, sweep = world
    first = rows(sweep)[0]
    phone_of(worker).post(page_of(sweep), fields(first, q_q2="4"))
    first.refresh_from_db()
    mine = phone_of(worker).get(f"{page_of(sweep)}?t={first.pk}").content.decode()
    assert 'value="4"' in mine and "记下修改" in mine
    phone_of(worker).post(page_of(sweep), fields(first, token="v", q_q2="5"))
    first.refresh_from_db()
    assert first.answers["q2"] == 5
    theirs = phone_of(colleague).get(f"{page_of(sweep)}?t={first.pk}").content.decode()
    assert "5人" in theirs and f"已由{worker}查过" in theirs


@pytest.mark.parametrize("forged", ["x", "0", "-1", "9" * 17, "9" * 40, "\x00", ""])
def test_forged_doors_are_not_there(world, forged):
    _, worker, _, sweep = world
    client = phone_of(worker)
    assert client.post(page_of(sweep, "sweep_take"), {"target": forged}).status_code == 404
    assert client.get(page_of(sweep), {"t": forged}).status_code == 200
    row = rows(sweep)[0]
    assert client.post(page_of(sweep), fields(row) | {"target": forged}).status_code in (404, 422)
    assert not SweepTarget.objects.exclude(outcome="").exists()


def test_doors_of_elsewhere_are_not_there(world):
    _, worker, _, sweep = world
    seat = factories.make_staff("seat_operator", factories.DISTRICT)
    sweeping.make_households(factories.FAR_BASE, 1)
    far = sweeping.make_running(by=seat, code=factories.FAR)
    there = rows(far)[0]
    client = phone_of(worker)
    assert client.get(reverse("sweep_grid", args=[far.number, factories.FAR_BASE])).status_code == 404
    assert client.get(page_of(far)).status_code == 404
    assert client.post(page_of(sweep), fields(there)).status_code == 404
    assert client.post(page_of(sweep, "sweep_take"), {"target": there.pk}).status_code == 404


def test_a_helper_without_a_post_answers_while_it_runs(world):
    secretary, _, _, sweep = world
    helper = factories.make_user("陈帮手")
    services.name_helper(sweep, by=secretary, user=helper, grid=Grid.objects.get(pk=BASE))
    client = phone_of(helper)
    assert "sw-banner" in client.get("/").content.decode()
    assert page_of(sweep) in client.get(reverse("my_sweeps")).content.decode()
    assert client.post(page_of(sweep), fields(rows(sweep)[0])).status_code == 302
    SWEEPS.run(sweep, "close", by=secretary, note="明天再查")
    assert client.get(page_of(sweep)).status_code == 404
    assert client.get(reverse("my_sweeps")).status_code == 404


def test_an_ended_sweep_is_read_and_not_answered(world):
    secretary, worker, _, sweep = world
    SWEEPS.run(sweep, "close", by=secretary, note="明天再查")
    row = rows(sweep)[0]
    page = phone_of(worker).get(f"{page_of(sweep)}?t={row.pk}").content.decode()
    assert "这次排查已经结束" in page
    refused = later(worker, page_of(sweep), fields(row))
    assert refused.status_code == 422 and "已经结束" in refused.json()["said"]


def test_the_pages_cost_the_same_for_few_doors_and_many(world):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    secretary, worker, _, sweep = world

    def cost(url):
        client = phone_of(worker)
        client.get(url)
        with CaptureQueriesContext(connection) as captured:
            client.get(url)
        return len(captured)

    few = cost(page_of(sweep)), cost(reverse("my_sweeps"))
    SWEEPS.run(sweep, "call_off", by=secretary, note="重来")
    sweeping.make_households(BASE, 30)
    sweep = sweeping.make_running(by=secretary)
    assert (cost(page_of(sweep)), cost(reverse("my_sweeps"))) == few
