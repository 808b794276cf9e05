"""Every route of the API, walked as people of another jurisdiction: they find nothing. And every list asks the database
as often for twenty rows as for one. A route that is in no table here fails by its name."""

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from governance.models import ApiToken, Notice
from tests import factories
from tests.standing import standing
from volunteers.flow import ORDERS
from volunteers.models import Order

pytestmark = pytest.mark.django_db

#: What everyone may read: naming a route here is the decision.
OPEN = {
    "api-index", "api-schema", "api-grid-list", "api-grid-detail", "api-grid-children", "api-grid-locate",
    "api-entrance-detail", "api-item-list", "api-item-detail", "api-skill-list", "api-station-list", "api-team-list",
    "api-category-list", "api-class-list", "api-class-detail", "api-incident-look",
}  # fmt: skip
#: What answers about the caller alone, so there is no other's row to find; tested in test_signing_in.py.
OWN = {"api-code", "api-sign-in", "api-me", "api-matters", "api-hours-total", "api-notice-read-all"}
#: What only a source's key opens; tested in tests/incidents/test_source_api.py.
SOURCES = {"api-source-incident", "api-source-incident-detail", "api-sos"}
LISTS = {
    "api-order-list": "orders", "api-hall-list": "hall", "api-claim-list": "claims", "api-hours-list": "hours",
    "api-volunteer-list": "volunteers", "api-showcase-list": "showcases", "api-notice-list": "notices",
    "api-token-list": "auth/tokens", "api-incident-list": "incidents",
}  # fmt: skip


def routes() -> dict[str, set[str]]:
    """Return every named route under /api/v1 with the names of its arguments."""
    found: dict[str, set[str]] = {}

    def walk(patterns, prefix=""):
        for each in patterns:
            path = prefix + str(each.pattern)
            if isinstance(each, URLResolver):
                walk(each.url_patterns, path)
            elif isinstance(each, URLPattern) and path.startswith("api/v1/"):
                found[each.name] = set(each.pattern.regex.groupindex)

    walk(get_resolver().url_patterns)
    return found


@standing
def world(secretary):
    """An order that was served and shown, an incident, a volunteer, notices and a token, all in the first community."""
    resident = factories.make_user("李奶奶")
    volunteer = factories.make_volunteer(approved_by=secretary)
    order = factories.make_order(by=resident, wanted_from=factories.timezone.now())
    order = factories.open_order(order, by=secretary)
    order = ORDERS.run(order, "claim", by=volunteer.applicant, version=order.version)
    order = ORDERS.run(order, "check_in", by=volunteer.applicant, code=order.code)
    order = ORDERS.run(order, "check_out", by=volunteer.applicant, code=order.code)
    order = ORDERS.run(order, "confirm", by=resident, version=order.version)
    showcase = factories_showcase(order, volunteer)
    waiting = factories.make_order(by=resident)
    waiting = factories.open_order(waiting, by=secretary)
    return {
        "order": order,
        "showcase": showcase,
        "volunteer": volunteer,
        "open": waiting,
        "incident": factories.make_incident(by=resident),
        "resident": resident,
    }


def factories_showcase(order: Order, volunteer):
    from volunteers.services.showcases import submit_showcase

    return submit_showcase(
        order,
        by=volunteer.applicant,
        title="陪看病",
        story="一早出发",
        consent="oral",
        consent_at=order.opened_at,
    )


@pytest.fixture(params=["resident elsewhere", "volunteer elsewhere", "secretary elsewhere", "auditor"])
def outsider(request, world, api):
    match request.param:
        case "resident elsewhere":
            return api(factories.make_user())
        case "volunteer elsewhere":
            return api(factories.make_volunteer(factories.FAR_BASE).applicant)
        case "secretary elsewhere":
            return api(factories.make_staff("community_secretary", factories.FAR))
    return api(factories.make_staff("auditor", factories.DISTRICT))


def row_paths(world) -> dict[str, list[str]]:
    """Return, for each route that names a row, the methods and addresses of this world's rows."""
    paths = {}
    numbers = {
        "api-order": world["order"].number, "api-volunteer": world["volunteer"].number,
        "api-showcase": world["showcase"].number, "api-incident": world["incident"].number,
    }  # fmt: skip
    base = {
        "api-order": "orders", "api-volunteer": "volunteers", "api-showcase": "showcases", "api-incident": "incidents",
    }  # fmt: skip
    for name, arguments in routes().items():
        for prefix, number in numbers.items():
            if name.startswith(prefix + "-") and arguments == {"number"}:
                rest = name.removeprefix(prefix + "-")
                tail = {"detail": ""}.get(rest) if rest == "detail" else f"{rest}/"
                if rest.startswith("do-"):
                    tail = f"actions/{rest.removeprefix('do-')}/"
                paths[name] = [f"/api/v1/{base[prefix]}/{number}/{tail}"]
    notice = Notice.objects.filter(recipient=world["resident"]).first()
    token = ApiToken.objects.create(
        user=world["resident"], digest="x", label="手机", expires_at=factories.tomorrow()
    )
    paths["api-notice-detail"] = [f"/api/v1/notices/{notice.pk}/"]
    paths["api-notice-read"] = [f"/api/v1/notices/{notice.pk}/read/"]
    paths["api-token-detail"] = [f"/api/v1/auth/tokens/{token.pk}/"]
    return paths


def test_every_route_is_looked_at(world):
    rows = set(row_paths(world))
    # Pictures are walked in test_order_round.py; the nameless route is the answer to addresses that are none.
    assert set(routes()) - {None} == OPEN | OWN | set(LISTS) | rows | SOURCES | {"api-photo"}
    assert len(rows) > 70


def test_rows_of_another_jurisdiction_are_not_there(world, outsider):
    for name, paths in row_paths(world).items():
        for path in paths:
            for method in ("get", "patch", "post", "delete"):
                answer = getattr(outsider, method)(
                    path, {"version": 1, "note": "理由"}, format="json", headers={"Idempotency-Key": "outsider-1"}
                ) if method != "get" else outsider.get(path)  # fmt: skip
                assert answer.status_code in (404, 405), (
                    name,
                    method,
                    answer.status_code,
                    answer.content.decode(),
                )
            assert (
                outsider.get(path).status_code == 404
                or "actions" in path
                or path.endswith(("reveal/", "photos/", "read/", f"tokens/{path.split('/')[-2]}/"))
            ), name
    assert Order.objects.get(pk=world["order"].pk).version == world["order"].version


def test_lists_hold_nothing_of_another_jurisdiction(world, outsider):
    for name, path in LISTS.items():
        answer = outsider.get(f"/api/v1/{path}/")
        assert answer.status_code == 200, name
        told = answer.content.decode()
        for row in ("order", "showcase", "volunteer", "open", "incident"):
            assert world[row].number not in told, name
    assert outsider.get("/api/v1/matters/").json()["results"] in ([], _registration_of(outsider))


def _registration_of(client) -> list:
    return [
        row for row in client.get("/api/v1/matters/").json()["results"] if row["number"].startswith("ZY-")
    ]


def test_strangers_are_asked_to_sign_in(world, api):
    stranger = api(None)
    for name, path in LISTS.items():
        expected = 200 if name == "api-showcase-list" else 401
        answer = stranger.get(f"/api/v1/{path}/")
        assert answer.status_code == expected, name
        assert world["showcase"].number not in answer.content.decode()
    for name, paths in row_paths(world).items():
        answer = stranger.post(paths[0], {"version": 1}, format="json")
        assert answer.status_code in (401, 405), (name, answer.status_code)
    for name in OPEN - {
        "api-grid-detail",
        "api-grid-children",
        "api-grid-locate",
        "api-entrance-detail",
        "api-item-detail",
        "api-class-detail",
    }:
        path = {
            "api-index": "",
            "api-schema": "schema/",
            "api-category-list": "categories/",
            "api-class-list": "classes/",
            "api-incident-look": "incidents/look/",
        }.get(name, f"{name.removeprefix('api-').removesuffix('-list')}s/")
        assert stranger.get(f"/api/v1/{path}").status_code == 200, name


def test_a_door_is_found_by_its_token_and_no_list_gives_tokens_away(world, api):
    entrance = factories.make_entrance()
    stranger = api(None)
    found = stranger.get(f"/api/v1/entrances/{entrance.token}/").json()
    assert found["grid"]["code"] == factories.BASE
    assert stranger.get("/api/v1/entrances/").status_code == 404
    order = factories.make_order(entrance=entrance)
    seen = api(factories.make_staff("community_secretary", factories.COMMUNITY)).get(
        f"/api/v1/orders/{order.number}/"
    )
    assert entrance.token not in seen.content.decode()
    assert entrance.building.name in seen.json()["place"]


def test_the_halls_visitors_see_neither_people_nor_what_has_happened(world, api):
    visitor = api(factories.make_volunteer().applicant)
    number = world["open"].number
    seen = visitor.get(f"/api/v1/orders/{number}/").json()
    assert world["resident"].name not in str(seen) and world["resident"].phone not in str(seen)
    assert (seen["claims"], seen["code"]) == ([], "")
    assert visitor.get(f"/api/v1/orders/{number}/steps/").json() == []


def test_a_look_at_masked_data_needs_a_reason_and_leaves_a_line(world, api, secretary):
    path = f"/api/v1/orders/{world['order'].number}/reveal/"
    client = api(secretary)
    assert client.post(path, {"field": "address", "reason": " "}, format="json").status_code == 400
    assert client.post(path, {"field": "code", "reason": "核对地址"}, format="json").status_code == 400
    seen = client.post(path, {"field": "beneficiary_phone", "reason": "核对电话"}, format="json")
    assert seen.json()["value"] == world["order"].beneficiary_phone
    kind = ContentType.objects.get_for_model(Order)
    assert secretary_looks(secretary, kind) == 1
    assert (
        api(world["resident"])
        .post(path, {"field": "address", "reason": "随便看看"}, format="json")
        .status_code
        == 404
    )


def secretary_looks(secretary, kind) -> int:
    from governance.models import AccessEvent

    return AccessEvent.objects.filter(kind="reveal", actor=secretary, content_type=kind).count()


# --- query counts -----------------------------------------------------------------------------------------------------
def queries(client, path) -> tuple[int, int]:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        answer = client.get(path)
    assert answer.status_code == 200, answer.content.decode()
    return len(captured), len(answer.json()["results"])


@pytest.mark.parametrize("path", sorted(set(LISTS.values()) | {"matters", "grids", "items", "classes"}))
def test_lists_ask_as_often_for_twenty_rows_as_for_one(api, secretary, path):
    from governance import notices

    helper = factories.make_volunteer(approved_by=secretary)
    client = api(helper.applicant if path in ("hall", "claims", "hours") else secretary)
    if path == "matters":
        client = api(secretary)

    def one_more(index: int) -> None:
        start = factories.tomorrow() + factories.timedelta(days=index)
        if path in ("orders", "hall", "claims", "hours", "showcases"):
            order = factories.open_order(
                factories.make_order(wanted_from=start, entrance=factories.make_entrance()), by=secretary
            )
            if path in ("claims", "hours", "showcases"):
                order = ORDERS.run(order, "claim", by=helper.applicant)
            if path in ("hours", "showcases"):
                past = factories.timezone.now() - factories.timedelta(hours=30 - index)
                order = ORDERS.run(
                    order, "enter_times", by=secretary, claim=order.claims.get(), note="补录",
                    checked_in_at=past, checked_out_at=past + factories.timedelta(minutes=30),
                )  # fmt: skip
                order = ORDERS.run(order, "confirm", by=secretary)
            if path == "showcases":
                factories_showcase(order, helper)
        elif path == "volunteers":
            factories.make_volunteer(approved_by=secretary)
        elif path == "matters":
            if index < 5:
                factories.make_order(by=secretary, wanted_from=start)
        elif path == "notices":
            notices.tell([secretary], "一条通知")
        elif path == "grids":
            factories.make_grid(f"{factories.COMMUNITY}{index + 500:03d}")
        elif path == "items":
            factories.make_item()
        elif path == "classes":
            factories.make_minor()
        elif path == "incidents":
            incident = factories.make_incident(entrance=factories.make_entrance())
            if index % 2:
                factories.dispatch(
                    incident, by=secretary, to=factories.make_staff("grid_worker", factories.BASE)
                )
        elif path == "auth/tokens":
            api(secretary)

    one_more(0)
    query = "?size=50"
    queries(client, f"/api/v1/{path}/{query}")  # content types and parameters are read once for each process
    few, rows = queries(client, f"/api/v1/{path}/{query}")
    for index in range(1, 20):
        one_more(index)
    many, more = queries(client, f"/api/v1/{path}/{query}")
    assert more > rows
    assert many == few, path
    assert many < 36
