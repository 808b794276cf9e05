"""What a centre talks over each day and each week, and the bulletin of its month."""

import io
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from docx import Document

from governance.flow import NotYours
from governance.models import Notice
from mediation.models import Bulletin, Centre, Dispute, DisputeStep, Review, Rhythm
from mediation.reports.rhythm import SECTIONS, months, sections
from mediation.services.rhythm import hold_review, issue, withdraw
from tests import disputes, factories
from tests.cast import BACKEND
from tests.standing import standing

pytestmark = pytest.mark.django_db
HERE = "/admin/mediation/dispute/rhythm/"


def enter(user) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


@standing
def world(territory):
    """A community's centre with a file that waits, one at work and one that came to nothing; its neighbour; the street above."""
    director, mediator = disputes.make_director(), disputes.make_mediator()
    failed = disputes.make_mediating(director=director, mediator=mediator)
    disputes.run(failed, "terminate", mediator.user, outcome="failed", note="不成")
    return {
        "director": director,
        "mediator": mediator.user,
        "far": disputes.make_director(factories.NEIGHBOUR),
        "street": disputes.make_director(factories.STREET),
        "justice": factories.make_staff("justice_officer", factories.STREET),
        "waiting": disputes.make_dispute(),
        "work": disputes.make_mediating(director=director, mediator=mediator, grade="A"),
        "failed": failed,
    }


def text_of(data: bytes) -> str:
    document = Document(io.BytesIO(data))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(line.text for line in document.paragraphs), *cells])


def test_each_section_opens_the_very_files_that_it_counts(world):
    client, today = enter(world["director"]), timezone.localdate()
    shown = {each.section.key: each for each in sections(world["director"], Rhythm.DAY.period(today))}
    assert shown["waiting"].count == 1 and shown["grave"].count == 1 and shown["failed"].count == 1
    assert shown["new"].count == 3
    for key, each in shown.items():
        page = client.get("/admin/mediation/dispute/", {"rhythm": f"{key}.{today}.{today}"})
        assert page.context["cl"].result_count == each.count, key
        assert {row.pk for row in each.rows} <= {row.pk for row in page.context["cl"].result_list}


def test_a_section_that_cannot_be_is_left_out(world):
    client = enter(world["director"])
    for wrong in ("new", "none.2026-01-01.2026-01-02", "new.2026-13-01.x", "new.9999-01-01.0001-01-01"):
        page = client.get("/admin/mediation/dispute/", {"rhythm": wrong}, follow=True)
        assert page.status_code == 200 and page.context["cl"].result_count == 3


def test_a_day_that_has_passed_has_no_standing_sections(world):
    yesterday = timezone.localdate() - timedelta(days=1)
    shown = sections(world["director"], Rhythm.DAY.period(yesterday))
    assert {each.section.key for each in shown} == {
        key for key, each in SECTIONS.items() if not each.standing
    }
    assert not any(each.count for each in shown)


def test_who_has_figures_alone_sees_no_file(world):
    page = enter(world["justice"]).get(HERE)
    told = page.content.decode()
    assert page.status_code == 200 and "这里只有数字" in told
    assert world["work"].case_number not in told and world["waiting"].number not in told
    assert enter(world["mediator"]).get(HERE).status_code == 404


def test_the_page_asks_as_much_for_many_as_for_few(world):
    client = enter(world["director"])
    client.get(HERE)
    with CaptureQueriesContext(connection) as few:
        client.get(HERE)
    for _ in range(4):
        disputes.make_dispute()
    with CaptureQueriesContext(connection) as many:
        client.get(HERE)
    assert len(many) == len(few)


def test_what_is_said_of_one_file_is_a_step_of_it_that_its_parties_do_not_read(world):
    step = disputes.run(world["work"], "deliberate", world["director"], note="请住建科一起看").steps.latest(
        "seq"
    )
    assert (step.action, step.actor, step.note) == ("deliberate", world["director"], "请住建科一起看")
    assert step.from_status == step.to_status
    assert Notice.objects.filter(recipient=world["mediator"], title__contains="研判").exists()
    party = disputes.users(world["work"])[0]
    page = enter(party).get(world["work"].get_absolute_url())
    assert page.status_code == 200 and "请住建科" not in page.content.decode()
    assert "请住建科一起看" in enter(world["director"]).get(HERE).content.decode()
    assert not DisputeStep.objects.restrict(world["street"]).exists()


def test_a_review_is_written_once_and_keeps_its_numbers(world):
    client, today = enter(world["director"]), timezone.localdate()
    given = {
        "centre": Centre.objects.get(grid=factories.COMMUNITY).pk, "rhythm": "week", "on": str(today),
        "attendees": "主任", "points": "漏水的先办",
    }  # fmt: skip
    answer = client.post("/admin/mediation/review/add/", given)
    review = Review.objects.get()
    assert answer.status_code == 302 and review.since.weekday() == 0 and review.until >= today
    assert review.figures["total"]["failed"] == 1
    again = client.post("/admin/mediation/review/add/", given)
    assert (
        again.status_code == 200
        and "请在原记录上修改" in again.content.decode()
        and "漏水的先办" in again.content.decode()
    )
    changed = client.post(
        answer["Location"], {"attendees": "主任、两名调解员", "points": "漏水的先办，限三天"}
    )
    review.refresh_from_db()
    assert changed.status_code == 302 and review.points.endswith("限三天") and review.history.count() == 2


def test_a_review_stays_with_its_centre(world):
    review = disputes.make_review(world["director"])
    for name, sees in (
        ("director", True),
        ("mediator", True),
        ("far", False),
        ("street", False),
        ("justice", False),
    ):
        assert Review.objects.restrict(world[name]).exists() is sees, name
    assert not Review.objects.restrict(world["mediator"], "change").exists()
    for name in ("far", "street"):
        assert enter(world[name]).get(f"/admin/mediation/review/{review.pk}/word/").status_code == 404
    with pytest.raises(NotYours):
        hold_review(
            review.centre, Rhythm.DAY, timezone.localdate(), by=world["street"], attendees="x", points="x"
        )
    with pytest.raises(ValidationError):
        disputes.make_review(world["director"], on=timezone.localdate() + timedelta(days=1))


def test_a_review_as_a_document(world):
    disputes.run(world["work"], "deliberate", world["director"], note="请住建科一起看")
    review = disputes.make_review(world["director"])
    told = text_of(enter(world["director"]).get(f"/admin/mediation/review/{review.pk}/word/").content)
    assert "先把漏水的一件办好" in told and world["work"].case_number in told and "请住建科一起看" in told
    # Whoever does not mediate that file reads the record without it.
    other = disputes.make_mediator().user
    assert "请住建科一起看" not in text_of(
        enter(other).get(f"/admin/mediation/review/{review.pk}/word/").content
    )


def test_a_bulletin_goes_up_and_down_and_names_nobody(world):
    bulletin = disputes.make_bulletin(world["street"])
    assert Notice.objects.filter(recipient=world["director"], url=bulletin.get_absolute_url()).exists()
    for name in ("street", "director", "mediator", "far", "justice"):
        assert Bulletin.objects.restrict(world[name]).exists(), name
    page = enter(world["director"]).get(bulletin.get_absolute_url())
    assert (
        page.status_code == 200
        and "下载 Word 通报" in page.content.decode()
        and "撤回" not in page.content.decode()
    )
    told = text_of(enter(world["director"]).get(f"/admin/mediation/bulletin/{bulletin.pk}/word/").content)
    assert f"第 {bulletin.number} 期" in told and "做好排查。" in told


def test_a_community_reads_its_own_bulletin_and_not_its_neighbours(world):
    bulletin = disputes.make_bulletin(world["director"])
    assert not Bulletin.objects.restrict(world["far"]).exists()
    assert Bulletin.objects.restrict(world["street"]).exists()
    assert enter(world["street"]).get(f"/admin/mediation/bulletin/{bulletin.pk}/withdraw/").status_code == 404


def test_a_month_has_one_bulletin_in_force_and_numbers_are_not_given_twice(world):
    first = disputes.make_bulletin(world["director"])
    with pytest.raises(ValidationError), transaction.atomic():
        disputes.make_bulletin(world["director"])
    with pytest.raises(ValidationError):
        issue(first.centre, timezone.localdate(), by=world["director"], situation="x", demands="x")
    client = enter(world["director"])
    answer = client.post(f"/admin/mediation/bulletin/{first.pk}/withdraw/", {"reason": "数字有误"})
    assert answer.status_code == 302
    with pytest.raises(ValidationError):
        withdraw(first, by=world["director"], reason="再撤一次")
    assert disputes.make_bulletin(world["director"]).number == first.number + 1
    assert "数字有误" in client.get(first.get_absolute_url()).content.decode()


def test_a_bulletin_is_begun_with_its_numbers(world):
    Dispute.objects.filter(pk=world["work"].pk).update(
        accepted_at=timezone.now().replace(day=1) - timedelta(days=3)
    )
    page = enter(world["director"]).get(f"/admin/mediation/bulletin/add/?month={months()[0]}")
    assert "本月受理矛盾纠纷 1 件，比上月增加 1 件" in page.content.decode()


def test_an_opinion_given_on_the_days_page_leads_back_to_it(world):
    client, work = enter(world["director"]), world["work"]
    page = client.get(HERE).content.decode()
    there = f"/admin/mediation/dispute/{work.pk}/do/deliberate/?from=day"
    assert there in page
    work.refresh_from_db()
    answer = client.post(there, {"version": work.version, "note": "先稳住情绪"})
    assert answer.status_code == 302 and answer["Location"] == f"{HERE}?by=day"
