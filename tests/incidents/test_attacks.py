"""What was once possible with incidents, whistles and evaluations and must not be: each test is an attack that worked."""

import io

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from governance import intake
from governance.appointments import appoint
from governance.files import MOST_SCANS, clean_picture, scans_of
from governance.flow import Refused
from governance.imports import open_import
from governance.models import Unit, User
from incidents.flow import EVALUATIONS, INCIDENTS, SLIPS
from incidents.models import Incident
from incidents.services import imports, sources
from tests import factories
from tests.api.conftest import client_of
from tests.cast import BACKEND
from tests.concurrency import all_at_once
from tests.pictures import jpeg
from volunteers.models import Order


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=user.pk), backend=BACKEND)
    return client


# --- one's own matter -----------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_neither_of_two_colleagues_verifies_what_one_took_in_and_the_other_did(secretary):
    committee = factories.make_unit(factories.COMMUNITY, Unit.Kind.COMMITTEE)
    colleague = factories.make_staff("community_secretary", factories.COMMUNITY)
    incident = factories.dispatch(factories.make_incident(), by=secretary, to=committee)
    incident = INCIDENTS.run(incident, "receive", by=secretary)
    incident = INCIDENTS.run(incident, "handle", by=colleague, note="清走了")
    for one in (secretary, colleague):
        with pytest.raises(Refused, match="处置人不能核查"):
            INCIDENTS.run(incident, "verify_pass", by=one)
        assert "verify_pass" not in {action.name for action in INCIDENTS.available(incident, one)}
    third = factories.make_staff("community_secretary", factories.COMMUNITY)
    assert INCIDENTS.run(incident, "verify_pass", by=third).closings.count() == 1
    assert "call_back" not in {action.name for action in INCIDENTS.available(incident, secretary)}


@pytest.mark.django_db
def test_ones_own_phone_carries_no_post_to_another_place(territory):
    worker, minor = factories.make_staff("grid_worker", factories.BASE), factories.make_minor()
    report = {
        "quick": minor.pk,
        "where": f"grid:{factories.FAR_BASE}",
        "phone": worker.phone,
        "description": "有垃圾",
    }
    answer = browser_of(worker).post("/incidents/new/?for=1", report)
    assert answer.status_code == 422 and not Incident.objects.exists()
    assert browser_of(worker).post("/incidents/new/", report).status_code == 302


@pytest.mark.django_db
def test_no_arbiter_rules_on_the_objection_of_her_own_department(territory):
    unit = factories.make_unit()
    both = factories.make_staff("department_officer", factories.DISTRICT, unit=unit)
    appoint(both, "arbiter", factories.DISTRICT, by=None)
    both = User.objects.get(pk=both.pk)
    slip = factories.make_whistle(units=[unit]).slips.get()
    slip = SLIPS.run(slip, "object", by=both, note="不归本单位管")
    for ruling in ("uphold", "overrule"):
        with pytest.raises(Refused, match="本部门"):
            SLIPS.run(slip, ruling, by=both, note="确实不归本单位管")
    assert not {"uphold", "overrule"} & {action.name for action in SLIPS.available(slip, both)}


@pytest.mark.django_db
def test_no_arbiter_gives_away_what_her_own_department_returned(secretary):
    unit, other = factories.make_unit(), factories.make_unit()
    officer = factories.make_staff("department_officer", factories.DISTRICT, unit=unit)
    both = factories.make_staff("department_officer", factories.DISTRICT, unit=unit)
    appoint(both, "arbiter", factories.DISTRICT, by=None)
    both, incident = User.objects.get(pk=both.pk), factories.make_incident()
    for _ in range(3):
        incident = factories.dispatch(incident, by=secretary, to=unit)
        incident = INCIDENTS.run(incident, "return_back", by=officer, note="不归本单位管")
    with pytest.raises(Refused, match="退回过"):
        INCIDENTS.run(incident, "designate", by=both, unit=other, note="归他们管")
    assert "designate" not in {action.name for action in INCIDENTS.available(incident, both)}
    arbiter = factories.make_staff("arbiter", factories.DISTRICT)
    assert INCIDENTS.run(incident, "designate", by=arbiter, unit=unit, note="归你们管").designated


@pytest.mark.django_db
def test_an_answer_about_another_incident_is_none_about_ones_own(secretary):
    resident, worker = factories.make_user(), factories.make_staff("grid_worker", factories.BASE)
    minor = factories.make_minor()

    def closed(incident):
        incident = factories.dispatch(incident, by=secretary, to=worker)
        incident = INCIDENTS.run(incident, "receive", by=worker)
        incident = INCIDENTS.run(incident, "handle", by=worker, note="清走了")
        return INCIDENTS.run(incident, "verify_pass", by=secretary)

    lead = factories.make_incident(minor_class=minor)
    incident = factories.make_incident(by=resident, minor_class=minor)
    incident = INCIDENTS.run(incident, "merge", by=secretary, lead=lead)
    closed(lead)
    INCIDENTS.run(incident, "rate", by=resident, solved=True, satisfaction=5)
    incident = closed(INCIDENTS.run(incident, "unmerge", by=secretary, note="不是一件事"))
    assert INCIDENTS.run(incident, "rate", by=resident, solved=False, satisfaction=1).satisfaction == 1


# --- what one may not read ------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_handing_a_matter_on_opens_nobodys_phone(secretary):
    factories.make_item()
    incident = factories.make_incident(by=factories.make_user("王小明"))
    assert not secretary.may("contact", incident)
    choice = intake.referrals("incident")[0][1][0][0]
    INCIDENTS.run(incident, "refer", by=secretary, note="其实是求助", to=choice)
    order = Order.objects.get()
    assert secretary.may("view", order) and not secretary.may("contact", order)


@pytest.mark.django_db
def test_the_words_of_a_report_cannot_be_guessed_before_one_reports(client, secretary):
    minor = factories.make_minor(is_public=True, name="暴露垃圾")
    factories.make_incident(minor_class=minor, description="欧阳家门口总堆垃圾，打13800135678")

    def page(words: str) -> str:
        asked = {"minor_class": minor.pk, "where": f"grid:{factories.COMMUNITY}", "description": words}
        return client.get(reverse("snapshot_look"), asked).content.decode()

    def told(words: str) -> list:
        asked = {"minor_class": minor.code, "grid": factories.COMMUNITY, "description": words}
        return client_of(None).get("/api/v1/incidents/look/", asked).json()["similar"]

    for right, wrong in (("欧阳", "司马"), ("13800135678", "13800135679")):
        assert page(right) == page(wrong)
        assert told(right) == told(wrong)


@pytest.mark.django_db
def test_a_community_reads_no_departments_points_in_the_timeline(secretary):
    officer, unit = factories.make_staff("street_officer", factories.STREET), factories.make_unit()
    evaluation = factories.make_evaluation(by=officer, units=[unit])
    for action, data in (
        ("start", {}),
        ("close_scoring", {}),
        ("deduct", {"unit": unit, "points": 7, "note": "推诿扯皮"}),
        ("adjust", {"unit": unit, "value": 61, "note": "回访有误"}),
    ):
        evaluation = EVALUATIONS.run(evaluation, action, by=officer, **data)
    page = reverse("admin:incidents_evaluation_change", args=[evaluation.pk])
    theirs = browser_of(secretary).get(page).content.decode()
    hers = browser_of(officer).get(page).content.decode()
    for words in ("推诿扯皮", "回访有误"):
        assert words not in theirs and words in hers


@pytest.mark.django_db
def test_a_file_for_two_streets_is_found_from_neither(territory):
    factories.make_minor(name="暴露垃圾")
    importer = factories.make_staff("street_officer", factories.OTHER_STREET)
    appoint(importer, "street_officer", factories.STREET, by=None)
    data = f"工单编号,小类,社区,诉求内容\n1,暴露垃圾,{factories.FAR},只有这个街道知道的事\n"
    batch = open_import(
        imports.TICKETS,
        User.objects.get(pk=importer.pk),
        source="hotline",
        file_name="a.csv",
        data=data.encode(),
    )
    page = reverse("admin:incidents_incidentimport_change", args=[batch.pk])
    for street in (factories.STREET, factories.OTHER_STREET):
        assert browser_of(factories.make_staff("street_officer", street)).get(page).status_code == 404
    assert browser_of(importer).get(page).status_code == 200


# --- many at once ---------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize("name", ["accept", "dispatch"])
def test_what_is_done_to_many_leaves_each_its_class_and_its_danger(secretary, name):
    worker = factories.make_staff("grid_worker", factories.BASE)
    rows = [factories.make_incident(), factories.make_incident(is_urgent=True)]
    asked = {
        "row": [f"{row.pk}:{row.version}" for row in rows],
        "version": rows[0].version,
        "minor_class": rows[0].minor_class_id,
        "to": f"w{worker.pk}",
    }
    browser_of(secretary).post(reverse("admin:incidents_incident_bulk", args=[name]), asked)
    for row in rows:
        now = Incident.objects.get(pk=row.pk)
        assert now.version == row.version + 1
        assert (now.minor_class_id, now.is_urgent) == (row.minor_class_id, row.is_urgent)


@pytest.mark.django_db(transaction=True)
def test_a_source_that_calls_from_many_places_at_once_keeps_to_its_rate(transactional_db, time_machine):
    time_machine.move_to("2026-11-23T10:00:05+08:00", tick=False)
    factories.make_territory()
    source, _ = sources.create_source("smoke", "烟感平台", "device", None, per_minute=5)
    allowed = all_at_once(*[lambda: sum(sources.allow(source) for _ in range(8))] * 6)
    assert sum(allowed) == 5


# --- pictures -------------------------------------------------------------------------------------------------------------
def drawn_over(data: bytes, times: int) -> bytes:
    """Return a progressive JPEG whose last scan is there so many times more: a few bytes each, as much work as all of it."""
    begin, end = data.rindex(b"\xff\xda"), data.rindex(b"\xff\xd9")
    return data[:end] + data[begin:end] * times + data[end:]


def test_a_picture_that_is_drawn_over_and_over_is_refused():
    plain = jpeg((800, 600), progressive=True)
    assert 1 < scans_of(plain) < MOST_SCANS / 2
    clean_picture(SimpleUploadedFile("a.jpg", plain))
    with pytest.raises(ValidationError) as refusal:
        clean_picture(SimpleUploadedFile("a.jpg", drawn_over(plain, 5000)))
    assert refusal.value.code == "too_many_scans"


def test_scans_do_not_hide_behind_a_marker_that_decoders_pass_over():
    plain = jpeg(progressive=True)
    end = plain.rindex(b"\xff\xd9")
    scan = plain[plain.rindex(b"\xff\xda") : end]
    hidden = plain[:end] + b"\xff\x02\xff\xff" + scan * MOST_SCANS + plain[end:]
    assert scans_of(hidden) > MOST_SCANS
    # What lies within a segment, such as a small picture in the metadata, is none.
    segment = b"\xff\xe1" + (len(scan * 60) + 2).to_bytes(2) + scan * 60
    assert scans_of(plain[:2] + segment + plain[2:]) == scans_of(plain)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
def test_no_comment_of_a_picture_is_kept(kind):
    out, words = io.BytesIO(), PngInfo()
    words.add_text("comment", "李奶奶家 301")
    extra = {"pnginfo": words} if kind == "PNG" else {"comment": "李奶奶家 301".encode()}
    Image.new("RGB", (64, 48)).save(out, kind, **extra)
    for made in clean_picture(SimpleUploadedFile("a", out.getvalue())):
        picture = Image.open(io.BytesIO(made))
        assert not {"comment", "exif", "xmp", "icc_profile"} & set(picture.info)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("JPEG", "RGB"),
        ("JPEG", "L"),
        ("JPEG", "CMYK"),
        ("PNG", "RGBA"),
        ("PNG", "P"),
        ("GIF", "P"),
        ("WEBP", "RGB"),
    ],
)
def test_pictures_of_every_kind_still_become_a_large_and_a_small_one(kind, mode):
    out = io.BytesIO()
    Image.new("RGB", (3300, 2200), "#B5251C").convert(mode).save(out, kind)
    made = clean_picture(SimpleUploadedFile("a", out.getvalue()))
    large, small = (Image.open(io.BytesIO(each)) for each in made)
    assert (large.size, small.size) == ((1600, 1067), (360, 240))
    assert large.mode == small.mode == "RGB"
