"""The web admin against the rule: who stands outside finds nothing, on any page of any model, and is told nothing."""

import re

import pytest
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.urls import reverse

from governance.models import AccessEvent, Post, User
from governance.permissions import rule_of
from tests import factories
from tests.standing import standing
from volunteers.flow import ORDERS
from volunteers.models import Order

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def enter(client, role: str, code: str, **post) -> User:
    user = factories.make_staff(role, code, **post)
    client.force_login(user, backend=BACKEND)
    return user


def page(model, name: str, *args) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


@standing
def world(secretary):
    """Something of everything in the first community."""
    order = factories.open_order(factories.make_order(description="请带梯子"), by=secretary)
    volunteer = factories.make_volunteer(approved_by=secretary)
    ORDERS.run(order, "claim", by=volunteer.applicant)
    factories.join(factories.make_team(), volunteer)
    return order


def test_every_model_on_the_desk_has_a_rule():
    assert admin.site._registry
    for model in admin.site._registry:
        rule_of(model)


@pytest.mark.parametrize("role", ["community_secretary", "grid_worker"])
def test_someone_elsewhere_finds_nothing_on_any_page(client, world, role, bare_desk):
    code = factories.FAR if role == "community_secretary" else factories.FAR_BASE
    user = enter(client, role, code)
    seen = 0
    for model in admin.site._registry:
        reached = set(model._default_manager.restrict(user, "view").values_list("pk", flat=True))
        for row in model._base_manager.exclude(pk__in=reached)[:5]:
            seen += 1
            for name in ("change", "history", "delete"):
                answer = client.get(page(model, name, quote(row.pk)))
                assert answer.status_code == 404, (model, name)
        listed = client.get(page(model, "changelist"))
        if listed.status_code == 200:
            hidden = (
                {row.pk for row in listed.context["cl"].result_list} - reached
                if "cl" in listed.context
                else set()
            )
            assert not hidden, model
        else:
            assert listed.status_code == 404, model
    assert seen > 10


def test_someone_elsewhere_gets_404_from_the_pages_of_an_order(client, world):
    enter(client, "community_secretary", factories.NEIGHBOUR)
    for url in (
        page(Order, "do", world.pk, "dispatch_anew"),
        page(Order, "why", world.pk),
        page(Order, "reveal", world.pk, "beneficiary_phone"),
    ):
        assert client.get(url).status_code == 404
        assert (
            client.post(url, {"version": world.version, "reason": "想看一看", "note": "试试"}).status_code
            == 404
        )
    assert not AccessEvent.objects.filter(kind="reveal").exists()


def test_the_sign_in_leads_to_the_staff_door(client, territory):
    answer = client.get(reverse("admin:index"))
    assert answer.status_code == 302 and "/login/" in answer["Location"]
    answer = client.get(reverse("admin:login") + "?next=/admin/")
    assert answer.status_code == 302 and answer["Location"].startswith(reverse("staff_login"))


def test_a_resident_has_no_desk(client, territory):
    client.force_login(factories.make_user(), backend=BACKEND)
    assert client.get(reverse("admin:index")).status_code == 302


def test_djangos_own_back_doors_are_shut(client, secretary):
    client.force_login(secretary, backend=BACKEND)
    assert client.get("/admin/r/1/1/").status_code == 404
    for model in ("auth/group", "account/emailaddress", "mfa/authenticator"):
        assert client.get(f"/admin/{model}/").status_code == 404


def test_the_system_administrator_sees_no_case(client, world):
    enter(client, "system_administrator", factories.DISTRICT)
    assert client.get(page(Order, "changelist")).status_code == 404
    assert client.get(page(Order, "change", world.pk)).status_code == 404
    assert "请带梯子" not in client.get(reverse("admin:index")).content.decode()


def test_the_auditor_reads_logs_and_nothing_else(client, world):
    enter(client, "auditor", factories.DISTRICT)
    assert client.get(page(AccessEvent, "changelist")).status_code == 200
    event = AccessEvent.objects.first()
    assert client.get(page(AccessEvent, "change", event.pk)).status_code == 200
    assert client.post(page(AccessEvent, "change", event.pk), {"summary": "改"}).status_code == 404
    assert client.get(page(Order, "changelist")).status_code == 404
    assert client.get(page(User, "changelist")).status_code == 404


# --- choices -----------------------------------------------------------------------------------------------------------
def choices(client, app: str, model: str, field: str, term: str = "") -> list[str]:
    answer = client.get(
        reverse("admin:autocomplete"),
        {"app_label": app, "model_name": model, "field_name": field, "term": term},
    )
    assert answer.status_code == 200, answer.content
    return [each["text"] for each in answer.json()["results"]]


def test_autocompletes_offer_what_the_form_would_accept(client, world):
    far = factories.make_volunteer(factories.FAR_BASE)
    enter(client, "community_secretary", factories.COMMUNITY)
    texts = choices(client, "volunteers", "hoursentry", "volunteer")
    assert texts and not any(far.number in text for text in texts)
    grids = choices(client, "volunteers", "team", "grid")
    assert sorted(grids) == [
        "网格001",
        "网格002",
    ]  # her community and its base grid, of nine in the territory


def test_autocompletes_mask_names_where_the_contact_is_not_open(client, world):
    name = world.claims.get().volunteer.applicant_name
    enter(client, "district_head", factories.DISTRICT)
    texts = choices(client, "volunteers", "hoursentry", "volunteer")
    assert texts and not any(name in text for text in texts)


@pytest.mark.parametrize("field", ["volunteer", "entered_by", "nonsense"])
def test_autocompletes_are_404_without_permission(client, world, field):
    enter(client, "system_administrator", factories.DISTRICT)
    answer = client.get(
        reverse("admin:autocomplete"),
        {"app_label": "volunteers", "model_name": "hoursentry", "field_name": field},
    )
    assert answer.status_code == 404


# --- saving ------------------------------------------------------------------------------------------------------------
def test_a_row_that_leaves_the_reach_is_not_saved_and_says_why(client, world):
    from volunteers.models import Station

    enter(client, "community_secretary", factories.COMMUNITY)
    given = {"name": "和苑服务站", "kind": "practice_station", "grid": factories.FAR, "is_active": "on"}
    answer = client.post(page(Station, "add"), given)
    assert answer.status_code == 200 and not Station.objects.exists()
    assert "和苑服务站" in answer.content.decode()
    answer = client.post(page(Station, "add"), given | {"grid": factories.COMMUNITY})
    assert answer.status_code == 302
    station = Station.objects.get()
    answer = client.post(page(Station, "change", station.pk), given | {"grid": factories.FAR, "name": "改名"})
    assert answer.status_code == 200
    station.refresh_from_db()
    assert (station.name, station.grid_id) == ("和苑服务站", factories.COMMUNITY)


def test_what_is_refused_after_the_save_rolls_back_and_keeps_what_was_typed(client, world, monkeypatch):
    """The second look itself: the form lets the row pass, the rule does not."""
    from governance.admin.base import TerritorialAdmin
    from grids.models import Grid
    from volunteers.models import Station

    enter(client, "community_secretary", factories.COMMUNITY)
    monkeypatch.setattr(TerritorialAdmin, "places", lambda self, request, grids: Grid.objects.all())
    given = {"name": "远处的站", "kind": "practice_station", "grid": factories.FAR, "is_active": "on"}
    answer = client.post(page(Station, "add"), given)
    text = answer.content.decode()
    assert answer.status_code == 200 and not Station.objects.exists()
    assert "不在您的管辖范围内" in text and "远处的站" in text


def test_a_reader_cannot_save(client, world):
    from volunteers.models import Station

    station = Station.objects.create(grid_id=factories.COMMUNITY, name="老站")
    enter(client, "district_head", factories.DISTRICT)
    assert client.get(page(Station, "change", station.pk)).status_code == 200
    answer = client.post(page(Station, "change", station.pk), {"name": "新站"})
    assert answer.status_code == 404
    station.refresh_from_db()
    assert station.name == "老站"


# --- addresses that nobody should type -----------------------------------------------------------------------------------
HOSTILE = [
    "p=999999", "p=-1", "p=abc", "p=" + "9" * 400, "e=1", "e=1&p=999999", "o=999.-3.x", "all=", "_to_field=password",
    "_popup=1", "status=nonsense", "light=%00", "place=120106%00", "place=999999", "place=' OR 1=1", "item=99999999999",
    "q=%00", "q=%F0%9F%98%80%E2%80%AE", "q=" + "长" * 5000, "q=%27%3B--", "beneficiary_phone__startswith=138",
    "applicant__password__startswith=a", "opened_at__gte=abc", "grid=%00", "status__exact=placed", "kind=x&day=y",
    "is_active__exact=%00", "is_active__exact=x",
]  # fmt: skip


@pytest.mark.parametrize("query", HOSTILE)
def test_hostile_lists_never_break(client, world, query, bare_desk):
    user = factories.make_staff("seat_operator", factories.DISTRICT)
    client.force_login(user, backend=BACKEND)
    for model in admin.site._registry:
        # A list that she may not see answers before it looks at what was asked of it.
        if query != HOSTILE[0] and not user.has_perm(
            f"{model._meta.app_label}.view_{model._meta.model_name}"
        ):
            continue
        answer = client.get(page(model, "changelist") + "?" + query)
        assert answer.status_code in (200, 302, 400, 404), (model, query)


def test_masked_columns_cannot_be_guessed_by_a_filter(client, world):
    enter(client, "district_head", factories.DISTRICT)
    for query in ("beneficiary_phone__startswith=199", "beneficiary_phone=1", "applicant__phone__contains=1"):
        answer = client.get(page(Order, "changelist") + "?" + query)
        assert answer.status_code == 302 and answer["Location"].endswith("?e=1")
    answer = client.get(page(Order, "changelist") + "?e=1")
    assert "没有这样的筛选条件" in answer.content.decode()


@pytest.mark.parametrize(
    "key", ["0", "99999999999999999999999", "abc", "1%00", "%00", "_00", "1/../2", "' OR 1=1"]
)
def test_hostile_keys_never_break(client, world, key, bare_desk):
    client.force_login(factories.make_staff("seat_operator", factories.DISTRICT), backend=BACKEND)
    for model in admin.site._registry:
        meta = model._meta
        for name in ("change", "history", "delete"):
            answer = client.get(f"/admin/{meta.app_label}/{meta.model_name}/{key}/{name}/")
            assert answer.status_code in (301, 302, 404), (model, name)


@pytest.mark.parametrize(
    "query", ["s=%00", "s=订单&page=abc", "s=订单&page=9999", "s=" + "x" * 9000, "s=a&extended=1"]
)
def test_the_search_for_pages_never_breaks(client, world, query):
    client.force_login(factories.make_staff("seat_operator", factories.DISTRICT), backend=BACKEND)
    assert client.get(reverse("admin:search") + "?" + query).status_code == 200


# --- words ---------------------------------------------------------------------------------------------------------------
ENGLISH = re.compile(r">[^<>{}]*\b[A-Za-z]{4,}\b[^<>{}]*<")


@pytest.mark.parametrize(
    "role, code",
    [
        ("community_secretary", factories.COMMUNITY),
        ("security_administrator", factories.DISTRICT),
        ("system_administrator", factories.DISTRICT),
        ("auditor", factories.DISTRICT),
    ],
)
def test_no_english_is_left_on_lists_and_forms(client, world, role, code):
    user = enter(client, role, code)
    for model in admin.site._registry:
        for name in ("changelist", "add"):
            answer = client.get(page(model, name))
            if answer.status_code != 200:
                continue
            text = re.sub(
                r"(?s)<script.*?</script>|<style.*?</style>|<svg.*?</svg>", "", answer.content.decode()
            )
            text = re.sub(r'<span class="[^"]*material-symbols-outlined[^"]*"[^>]*>[^<]*</span>', "", text)
            text = re.sub(r"\.(xlsx|csv)\b", "", text)  # what files are called
            words = [m.strip(">< \n") for m in ENGLISH.findall(text)]
            words = [w for w in words if w and not re.fullmatch(r"[\w.:@ -]*[\d_-][\w.:@ -]*", w)]
            codes = set(Post.objects.values_list("role", flat=True)) | {user.username}
            assert not [w for w in words if w not in codes and not w.isidentifier()], (model, name, words[:5])


def test_superuser_mode_opens_every_page(client, world, bare_desk):
    """With no post at all; and what nobody may do (edit a log, delete a matter) stays shut."""
    from governance import audit

    user = factories.make_user(staff=True, may_elevate=True)
    client.force_login(user, backend=BACKEND)
    assert client.get(page(Order, "changelist")).status_code == 404
    audit.elevate(user, reason="核查页面是否正常")
    for model in admin.site._registry:
        assert client.get(page(model, "changelist")).status_code == 200, model
        assert client.get(page(model, "add")).status_code in (200, 404), model
        row = model._base_manager.first()
        if row is not None:
            assert client.get(page(model, "change", quote(row.pk))).status_code in (200, 302), model
    assert client.get(page(Order, "change", world.pk)).status_code == 200
    assert client.post(page(Order, "delete", world.pk), {"post": "yes"}).status_code == 404
    event = AccessEvent.objects.first()
    assert client.post(page(AccessEvent, "delete", event.pk), {"post": "yes"}).status_code == 404
