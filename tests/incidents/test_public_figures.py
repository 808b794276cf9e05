"""The figures that everyone may look at: right, without anything personal, and cheap."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from grids.models import Grid
from incidents import disclosure
from incidents.models.incidents import IncidentStatus as S
from tests import factories
from tests.incidents.past import World, at, scattered
from tests.standing import standing

pytestmark = pytest.mark.django_db


@standing
def world() -> World:
    return World()


SQUARE = {"type": "Polygon", "coordinates": [[[117.0, 39.0], [117.1, 39.0], [117.1, 39.1], [117.0, 39.1], [117.0, 39.0]]]}  # fmt: skip


def public(client, code: str = ""):
    cache.clear()
    answer = client.get(reverse("figures_of", args=[code]) if code else reverse("figures"))
    return answer, answer.content.decode()


def test_everyone_reads_the_public_figures_and_nothing_personal(client, world):
    Grid.objects.filter(code=factories.COMMUNITY).update(boundary=SQUARE, boundary_made_up=True)
    now = timezone.now()
    for number in range(5):
        world.incident(
            opened_at=now, applicant_name="李桂兰", applicant_phone="13912345678",
            description="<script>alert(1)</script>三号楼李桂兰家漏水", spot="三号楼二门",
            published_at=now if number < 2 else None, public_words="<b>已报修</b>" if number == 0 else "",
        )  # fmt: skip
    for code in (factories.DISTRICT, factories.STREET, factories.COMMUNITY):
        answer, text = public(client, code)
        assert answer.status_code == 200
        # Its neighbour has none: what is told of the street would tell it of the one, were the other told.
        assert ("5 <small>件" in text) == (code != factories.COMMUNITY)
        assert len(answer.context["latest"]) == 2 and "&lt;b&gt;已报修&lt;/b&gt;" in text
        for hidden in ("李桂兰", "13912345678", "漏水", "alert(1)", "三号楼", "SJ-"):
            assert hidden not in text
    answer, text = public(client)
    assert reverse("figures_of", args=[factories.COMMUNITY]) in text and "演示虚构" in text
    assert '<path class="cg-map_' in text


def test_what_was_not_published_or_came_to_nothing_is_not_listed(client, world):
    world.incident(published_at=None)
    world.incident(status=S.WITHDRAWN, closed_at=at(12), published_at=at(11))
    assert public(client)[0].context["latest"] == []


def test_a_communitys_small_numbers_are_not_told(client, world):
    now = timezone.now()
    for _ in range(2):
        world.closing(world.incident(opened_at=now, status=S.CLOSED, closed_at=now), now, on_time=True)
    third = "120106001007001"
    for code, number in ((factories.NEIGHBOUR_BASE, 3), (third, 5)):
        factories.make_grid(code)
        for _ in range(number):
            world.incident(code, now)
    answer, text = public(client, factories.COMMUNITY)
    assert all(each.get("note") == disclosure.FEW for each in answer.context["headlines"])
    assert (
        "2 <small>件" not in text
        and "100%" not in text
        and "哪一类多" not in text
        and "近 12 个月</h2>" not in text
    )
    spots = {spot.code: (spot.count, spot.step > 0) for spot in public(client)[0].context["spots"]}
    few = (disclosure.FEW, False)
    # The street's ten less five would leave the small one's two, were the next one told.
    assert spots[factories.COMMUNITY] == spots[factories.NEIGHBOUR] == few
    assert spots[third[:12]] == ("5 件", True)
    heads = {each["label"]: each for each in public(client, factories.NEIGHBOUR)[0].context["headlines"]}
    assert heads["上报"]["note"] == disclosure.FEW
    heads = {each["label"]: each for each in public(client, third[:12])[0].context["headlines"]}
    assert heads["上报"]["number"] == "5"


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ({}, {"120106001001", "120106001002", "120106001003", "120106002001"}),
        ({"120106001001": 9, "120106001002": 8, "120106001003": 7, "120106002001": 3}, set()),
        ({"120106001001": 9, "120106001002": 8, "120106001003": 1, "120106002001": 3},
         {"120106001002", "120106001003"}),
        ({"120106001001": 9, "120106001002": 2, "120106001003": 1, "120106002001": 3},
         {"120106001002", "120106001003"}),
        ({"120106001001": 9, "120106001002": 8, "120106001003": 7, "120106002001": 0}, {"120106002001"}),
    ],
)  # fmt: skip
def test_no_number_is_given_away_by_subtraction(counts, hidden):
    codes = ["120106001001", "120106001002", "120106001003", "120106002001"]
    assert disclosure.untold(counts, codes) == hidden


def test_the_smallest_numbers_are_called_few_and_the_largest_many(client, world, monkeypatch):
    monkeypatch.setattr(disclosure, "LEAST", 1)
    now = timezone.now()
    world.incident(opened_at=now)
    for _ in range(4):
        world.incident(factories.NEIGHBOUR_BASE, now)
    assert public(client)[0].context["legend"][1:] == [(1, "少 1 件"), (4, "多 4 件")]


def test_places_that_are_none_are_not_found(client, world):
    Grid.objects.filter(code=factories.FAR_BASE).update(valid_until=timezone.localdate())
    Grid.objects.filter(code=factories.FAR).update(valid_until=timezone.localdate())
    for code in (factories.FAR, "120106999", "999999"):
        assert client.get(reverse("figures_of", args=[code])).status_code == 404
    assert client.get(f"/figures/{factories.BASE}/").status_code == 404
    assert client.post(reverse("figures")).status_code == 405


def test_strangers_cost_the_database_next_to_nothing(client, world, django_assert_max_num_queries):
    def first_visit() -> int:
        cache.clear()
        with CaptureQueriesContext(connection) as caught:
            client.get(reverse("figures"))
        return len(caught)

    scattered(world, 5, seed=2)
    client.get(reverse("figures"))
    few = first_visit()
    scattered_more = [
        world.incident(opened_at=timezone.now(), published_at=timezone.now()) for _ in range(20)
    ]
    assert first_visit() == few < 30 and scattered_more
    with django_assert_max_num_queries(6):
        client.get(reverse("figures"))


def test_an_old_answer_stands_in_while_a_new_one_is_made(db, monkeypatch):
    cache.clear()
    assert disclosure.kept("k", lambda: 1) == 1 and disclosure.kept("k", lambda: 2) == 1
    real = disclosure.time.time
    monkeypatch.setattr(disclosure.time, "time", lambda: real() + disclosure.KEPT + 1)
    answers = []

    def slow():
        answers.append(disclosure.kept("k", lambda: 3))  # somebody else asks meanwhile
        return 2

    assert disclosure.kept("k", slow) == 2 and answers == [1]
    assert disclosure.kept("k", lambda: 4) == 2
