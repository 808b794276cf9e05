"""Shops' self-checks: what is asked, what becomes a hazard, how it ends, who is late, and what a stranger cannot do."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.utils import timezone

from governance import parameters
from governance.flow import NotYours, Refused
from governance.permissions import OutOfReach
from grids import origins
from grids.models import ChecklistItem, Hazard, PatrolItem, Premises, SelfCheck, SelfCheckPhoto
from grids.reports import selfchecks as figures
from grids.services import selfchecks
from incidents.models import Incident
from tests import factories
from tests.concurrency import all_at_once
from tests.patrols import check, make_hazard, make_premises
from tests.pictures import upload
from tests.standing import standing

pytestmark = pytest.mark.django_db


@standing
def worker(territory):
    return factories.make_staff("grid_worker", factories.BASE)


# --- the checklist ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("small", [value for value in Premises.Small.values if value])
def test_each_of_the_nine_kinds_is_asked_six_to_ten_things(territory, small):
    items = list(ChecklistItem.objects.asked_of(make_premises(small=small)))
    assert 6 <= len(items) <= 10 and {item.small for item in items} == {"", small}
    assert all(item.is_default and item.why for item in items)


def test_a_line_that_the_district_changes_is_the_systems_own_no_longer(territory):
    keeper = factories.make_staff("system_administrator", factories.DISTRICT)
    for line, field in ((ChecklistItem.objects.first(), "words"), (PatrolItem.objects.first(), "name")):
        line.order = 99
        assert selfchecks.keep_line(line, by=keeper).is_default
        setattr(line, field, "改过的")
        assert not selfchecks.keep_line(line, by=keeper).is_default
    with pytest.raises(OutOfReach), transaction.atomic():
        selfchecks.keep_line(
            ChecklistItem.objects.last(), by=factories.make_staff("grid_worker", factories.BASE)
        )


# --- what is found and how it ends ------------------------------------------------------------------------------------
def test_what_is_wrong_becomes_a_hazard_until_a_later_check_says_it_is_right(territory):
    shop = make_premises()
    first = check(shop, wrong=[0, 3], photos={0: [upload()]})
    assert (first.asked, first.wrong) == (10, 2)
    assert first.answers.filter(is_ok=False).count() == 2 and SelfCheckPhoto.objects.count() == 1
    shop.refresh_from_db()
    assert shop.checked_on == timezone.localdate()
    assert shop.hazards.unmended().count() == 2
    # Still wrong: no second one. Right again: mended by that check.
    second = check(shop, wrong=[3])
    assert shop.hazards.count() == 2
    mended = shop.hazards.get(mended_on__isnull=False)
    assert mended.mended_in == second and mended.answer.check_of == first
    check(shop, wrong=[0])
    assert shop.hazards.count() == 3 and shop.hazards.unmended().count() == 1


def test_what_the_staff_found_the_shop_cannot_declare_mended(worker):
    shop = make_premises()
    hazard = make_hazard(shop, by=worker)
    check(shop)
    hazard.refresh_from_db()
    assert hazard.is_open and hazard.by_staff
    check(shop, by=worker)
    hazard.refresh_from_db()
    assert not hazard.is_open


def test_a_worker_looks_and_notes_it_or_passes_it_on_once(worker, secretary):
    hazard = make_hazard()
    for who in (factories.make_staff("grid_worker", factories.FAR_BASE), factories.make_user()):
        with pytest.raises(NotYours):
            selfchecks.mend(hazard, by=who, words="改了")
    with pytest.raises(NotYours):
        selfchecks.mend(hazard, by=factories.make_staff("street_officer", factories.STREET), words="改了")
    with pytest.raises(Refused, match="请写明"):
        selfchecks.mend(hazard, by=worker, words="")
    minor = factories.make_minor()
    for _ in range(2):
        hazard = selfchecks.pass_on(hazard, by=worker, to=f"incident:{minor.code}", words="店主不肯清")
    incident = Incident.objects.get()
    assert hazard.matter == incident and hazard.is_open and hazard.number == incident.number
    assert "店主不肯清" in incident.description and hazard.premises.name in incident.spot
    assert origins.origin(incident, secretary).words == f"安全自查发现：{hazard.premises}"
    for _ in range(2):
        hazard = selfchecks.mend(hazard, by=worker, words="看过了，已清走")
    assert (hazard.mended_by, hazard.mended_on) == (worker, timezone.localdate())
    with pytest.raises(Refused, match="已经整改"):
        selfchecks.pass_on(make_mended(worker), by=worker, to=f"incident:{minor.code}")


def make_mended(worker) -> Hazard:
    return selfchecks.mend(make_hazard(), by=worker, words="改了")


def test_the_pictures_of_the_check_go_on_with_it(worker):
    shop = make_premises()
    check(shop, wrong=[0], photos={0: [upload(), upload("b.jpg")]})
    selfchecks.pass_on(
        shop.hazards.get(), by=worker, to=f"incident:{factories.make_minor().code}", photos=[upload("c.jpg")]
    )
    assert Incident.objects.get().photos.count() == 3


# --- sent twice, at once, wrongly -------------------------------------------------------------------------------------
def test_a_check_sent_twice_is_one(territory):
    shop = make_premises()
    assert check(shop, wrong=[0], token="x") == check(shop, wrong=[0, 1], token="x")
    assert SelfCheck.objects.count() == 1 and Hazard.objects.count() == 1
    # The same token at another shop is another check.
    assert check(make_premises(), token="x").premises != shop


@pytest.mark.django_db(transaction=True)
def test_many_at_once_find_each_hazard_once():
    factories.make_territory()
    shop = make_premises()
    outcomes = all_at_once(
        *[lambda token=token: check(shop, wrong=[0, 1], token=token) for token in "aabbcd"]
    )
    assert len({row.pk for row in outcomes}) == 4
    assert SelfCheck.objects.count() == 4 and Hazard.objects.count() == 2


def test_what_cannot_be_kept_leaves_nothing_behind(worker):
    shop = make_premises()
    broken = SimpleUploadedFile("a.jpg", b"no picture")
    for given in (
        {"wrong": [0], "photos": {0: [broken]}},
        {"checker": ""},
        {"wrong": range(5), "photos": {n: [upload(), upload()] for n in range(5)}},
        {"checked_at": timezone.now() - timedelta(days=30)},
    ):
        with pytest.raises(ValidationError), transaction.atomic():
            check(shop, **given)
    far = make_premises(factories.FAR_BASE)
    with pytest.raises(OutOfReach), transaction.atomic():
        check(far, by=worker)
    closed = make_premises(closed_on=timezone.localdate(), closing="停业")
    with pytest.raises(Refused, match="已经注销"):
        check(closed)
    assert not SelfCheck.objects.exists() and not Hazard.objects.exists()
    shop.refresh_from_db()
    assert shop.checked_on is None


def test_checks_and_answers_only_grow(territory):
    row = check(make_premises())
    for change in (
        lambda: SelfCheck.objects.update(wrong=0),
        lambda: row.answers.update(is_ok=False),
        lambda: row.answers.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_the_code_is_renewed_by_who_may_change_the_premises(worker):
    shop = make_premises()
    before = shop.token
    assert selfchecks.renew_code(shop, by=worker).token != before
    for who in (
        factories.make_staff("street_officer", factories.STREET),
        factories.make_staff("grid_worker", factories.FAR_BASE),
    ):
        with pytest.raises(PermissionDenied):
            selfchecks.renew_code(shop, by=who)


# --- figures ----------------------------------------------------------------------------------------------------------
def test_the_figures_are_those_of_the_lists(worker, secretary):
    days = parameters.value("selfcheck.days")
    today = timezone.localdate()
    fresh, late, never = make_premises(), make_premises(small="inn"), make_premises(small="inn")
    check(fresh, wrong=[0, 1])
    Premises.objects.filter(pk=late.pk).update(checked_on=today - timedelta(days=days + 1))
    just = make_premises(checked_on=today - timedelta(days=days))
    selfchecks.mend(fresh.hazards.first(), by=worker, words="改了")
    hall = make_premises(small="")
    make_hazard(hall)
    gone = make_hazard().premises
    Premises.objects.filter(pk=gone.pk).update(closed_on=today, closing="停业")
    make_premises(factories.FAR_BASE)
    assert set(Premises.objects.restrict(secretary).check_late(figures.late_before())) == {late, never}
    total, line = figures.table(secretary, factories.COMMUNITY, "place")
    assert line.values == total.values == {
        "premises": 4, "checked": 2, "late": 1, "never": 1, "open": 2, "passed": 0, "mended": 1,
    }  # fmt: skip
    assert total.share == 50 and just.is_current
    by_kind = {line.key: line.values for line in figures.table(secretary, factories.COMMUNITY, "small")}
    assert by_kind["eatery"]["open"] == 1 and by_kind["inn"]["late"] == by_kind["inn"]["never"] == 1
    assert by_kind[""]["premises"] == 4 and by_kind[""]["open"] == 1
    parameters.change("selfcheck.days", days + 1)
    assert figures.table(secretary, factories.COMMUNITY, "place")[0].values["late"] == 0
