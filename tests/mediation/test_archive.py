"""The sealed file: hashed, frozen by the database, taken along, and erased in its time by two people."""

import hashlib
import io
import json
import threading
import time
import zipfile
from datetime import timedelta

import pytest
import time_machine
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import Error, IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from docx import Document

from governance import parameters
from governance.flow import NotYours, Refused
from governance.models import AccessEvent, Intake, Notice, User
from mediation.flow import DISPUTES
from mediation.models import (
    Archive,
    Backlog,
    Disputant,
    Dispute,
    DisputePhoto,
    DisputeStep,
    Paper,
    PrivateNote,
    Term,
    Viewing,
)
from mediation.papers import verify_seal
from mediation.papers.sealing import CONTENT
from mediation.services import archiving
from mediation.services.papers import papers_of_party, papers_panel, take_out
from mediation.services.registering import adopt
from tests import disputes, factories
from tests.cast import BACKEND
from tests.concurrency import all_at_once
from tests.disputes import run
from tests.mediation.test_papers import finish, full
from tests.pictures import upload
from tests.standing import standing

pytestmark = pytest.mark.django_db


@standing
def director(territory):
    return disputes.make_director()


@standing
def mediator(territory):
    return disputes.make_mediator()


@standing
def officer(territory):
    return factories.make_staff("justice_officer", factories.STREET)


@standing
def sealed(director, mediator):
    """A full file that was closed and sealed, and looked at from above."""
    dispute = finish(full(director, mediator), director, mediator)
    return run(dispute, "archive", director, retention="short")


def sql(statement: str, *given) -> None:
    """Run a raw statement, in a transaction of its own."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, given)


def by_force(statement: str, *given) -> None:
    """Run a raw statement past the triggers, as whoever owns the database can."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, given)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


# --- sealing ---------------------------------------------------------------------------------------------------------------
def test_a_file_is_sealed_with_pages_and_a_hash(sealed, director):
    archive = sealed.archive
    assert sealed.status == "archived" and archive.sealed_by == director and len(archive.sha256) == 64
    assert archive.pages == archive.manifest["contents"][-1]["last"] > 10
    assert archive.keep_until.year == timezone.localdate().year + 5
    assert (archive.keep_until.month, archive.keep_until.day) == (12, 31)
    assert verify_seal(sealed).is_intact
    step = sealed.steps.last()
    assert (
        step.action == "archive" and str(step.pk) in archive.manifest["rows"]["mediation.DisputeStep"]["rows"]
    )
    kinds = list(sealed.papers.filter(is_sealed=True).values_list("kind", flat=True))
    assert kinds[0] == "cover" and kinds[-2:] == ["back", "volume"] and "agreement" in kinds
    assert {paper.token for paper in sealed.papers.all()} <= set(archive.manifest["files"])
    # Nothing of what it says stands in the manifest.
    words = json.dumps(archive.manifest, ensure_ascii=False)
    assert not any(party.name in words or party.phone in words for party in sealed.disputants.all())


def test_every_model_of_the_file_is_under_the_seal_or_named_as_none_of_it():
    # What is under supervision may name a dispute; it is a matter of its own.
    apart = {PrivateNote, Viewing, Archive, Backlog}
    under, found = {model for model, _ in CONTENT}, {Dispute}
    grown = True
    while grown:
        reached = {
            model
            for model in apps.get_app_config("mediation").get_models(include_auto_created=True)
            if not model.__name__.startswith("Historical") and model not in found | apart
            for field in model._meta.concrete_fields
            if field.is_relation and field.related_model in found
        }
        grown, found = bool(reached), found | reached
    assert found == under


def test_what_the_file_lacks_is_named_and_sealing_it_all_the_same_asks_for_words(director, mediator):
    dispute = disputes.make_closed(director=director, mediator=mediator)
    assert "archive" in {action.name for action in DISPUTES.available(dispute, director)}
    assert "archive" not in {action.name for action in DISPUTES.available(dispute, mediator.user)}
    with pytest.raises(Refused, match="身份证明、签字的文书"):
        run(dispute, "archive", director)
    with pytest.raises(Refused, match="为什么不全"):
        run(dispute, "archive", director, incomplete=True)
    with pytest.raises(Refused, match="保管期限"):
        run(dispute, "archive", director, incomplete=True, note="当事人不给", retention="for ever")
    with pytest.raises(NotYours):
        run(dispute, "archive", mediator.user, incomplete=True, note="当事人不给")
    dispute = run(dispute, "archive", director, incomplete=True, note="当事人不给")
    assert dispute.archive.retention == "short" and verify_seal(dispute).is_intact
    assert not {"reopen", "rate", "scan"} & {action.name for action in DISPUTES.available(dispute, director)}


@pytest.mark.parametrize("how", ["refused", "failed", "guided"])
def test_what_ended_without_an_agreement_is_sealed_too(director, mediator, how):
    if how == "refused":
        neighbour = factories.make_user()
        dispute = run(disputes.make_dispute(against=neighbour), "refuse", neighbour)
    else:
        dispute = disputes.make_mediating(director=director, mediator=mediator)
        name, outcome = ("terminate", "failed") if how == "failed" else ("guide", "court")
        dispute = run(dispute, name, mediator.user, outcome=outcome, note="谈不拢")
    dispute = run(dispute, "archive", director, incomplete=True, note="当事人没有来", retention="medium")
    assert (
        verify_seal(dispute).is_intact and dispute.papers.filter(kind="termination", is_sealed=True).exists()
    )
    assert dispute.archive.keep_until.year == timezone.localdate().year + 10


def test_the_years_are_parameters(director, mediator):
    parameters.change("mediation.keep_long", 30)
    dispute = finish(full(director, mediator, grade="A"), director, mediator)
    dispute = run(dispute, "archive", director)
    assert dispute.archive.retention == "long"
    assert dispute.archive.keep_until.year == timezone.localdate().year + 30


# --- frozen ------------------------------------------------------------------------------------------------------------------
def rows_of(dispute):
    """Return table and key of one row of every table of the file, with its first column that can be changed."""
    for model, path in CONTENT:
        key = model._base_manager.filter(**{path: dispute.pk}).values_list("pk", flat=True).first()
        if key is not None:
            yield model._meta.db_table, key, model


def test_the_database_refuses_every_change_to_a_sealed_file(sealed):
    tables = set()
    for table, key, model in rows_of(sealed):
        column = next(f.column for f in model._meta.concrete_fields if not f.primary_key and not f.generated)
        for statement in (
            f"UPDATE {table} SET {column} = {column} WHERE id = %s",
            f"DELETE FROM {table} WHERE id = %s",
        ):
            with pytest.raises(Error, match="frozen|append-only"):
                sql(statement, key)
        tables.add(model)
    # Guests and the like are there only in files that had some.
    assert {model.__name__ for model, _ in CONTENT} - {m.__name__ for m in tables} == {"Guest"}
    with pytest.raises(Error, match="frozen"), transaction.atomic():
        Disputant.objects.create(dispute=sealed, side="third", name="后来的人")
    with pytest.raises(Error, match="frozen"), transaction.atomic():
        DisputeStep.objects.create(
            matter=sealed,
            seq=999,
            action="x",
            label="x",
            actor=sealed.archive.sealed_by,
            to_status="archived",
        )
    assert verify_seal(sealed).is_intact


def test_a_row_does_not_slip_from_another_file_into_a_sealed_one(sealed, director):
    other = disputes.make_dispute()
    party = other.disputants.first()
    with pytest.raises(Error, match="frozen"):
        sql("UPDATE mediation_disputant SET dispute_id = %s WHERE id = %s", sealed.pk, party.pk)
    with pytest.raises(Error, match="frozen"):
        sql("UPDATE mediation_disputant SET dispute_id = %s WHERE dispute_id = %s", other.pk, sealed.pk)
    # The others are as they were.
    sql("UPDATE mediation_disputant SET occupation = '教师' WHERE id = %s", party.pk)


def test_the_seal_itself_is_frozen(sealed):
    for change in (
        "sha256 = 'x'", "manifest = '{}'", "keep_until = '2020-01-01'", "pages = 1", "retention = 'long'",
        "sealed_at = now()",
    ):  # fmt: skip
        with pytest.raises(Error, match="frozen"):
            sql(f"UPDATE mediation_archive SET {change} WHERE dispute_id = %s", sealed.pk)
    with pytest.raises(Error, match="kept"):
        sql("DELETE FROM mediation_archive WHERE dispute_id = %s", sealed.pk)


def test_a_party_whose_phone_is_verified_later_leaves_a_sealed_file_as_it_was(director, mediator):
    phone = factories.make_phone()
    dispute = run(
        disputes.make_dispute(others=[disputes.party("respondent", phone=phone)]), "record_consent", director,
        disputant=Disputant.objects.get(phone=phone), agreed=False, means="call", note="不谈",
    )  # fmt: skip
    run(dispute, "archive", director, incomplete=True, note="当事人没有来")
    assert adopt(factories.make_user(phone=phone)) == 0


# --- broken on purpose ---------------------------------------------------------------------------------------------------------
#: What somebody changes, and what the seal says of it.
CHANGES = (
    ("UPDATE mediation_term SET amount = 8 WHERE agreement_id IN (SELECT id FROM mediation_agreement WHERE dispute_id = %s)", "协议条款被改动"),
    ("UPDATE mediation_disputant SET name = '别人' WHERE dispute_id = %s", "当事人被改动"),
    ("UPDATE mediation_dispute SET outcome = 'oral' WHERE id = %s", "矛盾纠纷被改动"),
    ("UPDATE mediation_session SET record = '改过' WHERE mode = 'joint' AND dispute_id = %s", "调解记录被改动"),
    ("UPDATE mediation_disputestep SET note = '改过' WHERE matter_id = %s", "纠纷办理记录被改动"),
    ("DELETE FROM mediation_followup WHERE dispute_id = %s", "回访记录缺少"),
    ("UPDATE mediation_archive SET manifest = jsonb_set(manifest, '{version}', '2') WHERE dispute_id = %s", "封存清单与封存摘要不一致"),
    ("INSERT INTO mediation_inquiry (dispute_id, at, place, asked, relation, record, by_id) SELECT %s, now(), 'x', 'x', '', 'x', min(id) FROM governance_user", "调查记录封存后新增"),
)  # fmt: skip


def test_whatever_was_changed_past_the_database_is_found(sealed):
    for statement, said in CHANGES:
        with transaction.atomic():
            by_force(statement, sealed.pk)
            verdict = verify_seal(Dispute.objects.get(pk=sealed.pk))
            transaction.set_rollback(True)
        assert not verdict.is_intact and verdict.found[0].startswith(said), verdict.found
        assert len(verdict.found) == 1, verdict.found
    assert verify_seal(Dispute.objects.get(pk=sealed.pk)).is_intact


def test_a_file_that_was_changed_on_the_disk_is_found(sealed, director):
    photo, paper = sealed.photos.first(), sealed.papers.get(kind="agreement", is_sealed=True)
    default_storage.delete(photo.image.name)
    default_storage.delete(paper.file.name)
    default_storage.save(paper.file.name, ContentFile(b"another"))
    found = verify_seal(sealed).found
    assert len(found) == 1 and photo.token in found[0] and paper.token in found[0]
    with pytest.raises(Refused, match="核验没有通过"):
        archiving.export_zip(sealed.archive, by=director, reason="移交档案馆")


# --- taking out, taking along --------------------------------------------------------------------------------------------------
def test_of_a_sealed_file_one_gets_the_sealed_copies(sealed, director):
    paper = sealed.papers.get(kind="agreement", is_sealed=True)
    assert take_out(sealed, "agreement", by=director).content == paper.file.read()
    assert take_out(sealed, "volume", by=director).content
    first = disputes.users(sealed)[0]
    assert take_out(sealed, "agreement", by=first).content
    assert [line["label"] for line in papers_of_party(sealed, first)] == ["权利义务告知书", "人民调解协议书"]
    with pytest.raises(Refused, match="没有"):
        take_out(sealed, "termination", by=director)
    panel = papers_panel(sealed, director)
    assert panel["archive"] == sealed.archive and {line["state"] for line in panel["lines"]} == {"已封存"}
    assert "第 1" in panel["lines"][1]["words"] and "scan_url" not in panel


def test_the_zip_is_read_back_and_holds_what_was_sealed(sealed, director, mediator):
    with pytest.raises(Refused, match="理由"):
        archiving.export_zip(sealed.archive, by=director, reason=" ")
    with pytest.raises(NotYours):
        archiving.export_zip(sealed.archive, by=mediator.user, reason="自己留一份")
    name, content = archiving.export_zip(sealed.archive, by=director, reason="移交档案馆")
    assert name == f"{sealed.case_number}.zip"
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert packed.testzip() is None
        about = json.loads(packed.read("manifest.json"))
        assert about["sha256"] == sealed.archive.sha256 and about["manifest"] == sealed.archive.manifest
        listed = {each["name"]: each for each in about["files"]}
        assert set(listed) == set(packed.namelist()) - {"manifest.json", "目录.txt"}
        for each in listed.values():
            assert hashlib.sha256(packed.read(each["name"])).hexdigest() == each["sha256"]
        documents = [each for each in listed if each.endswith(".docx")]
        assert documents[0].startswith("00-卷宗封面") and documents[-1].endswith("整卷（合订本）.docx")
        assert all(Document(io.BytesIO(packed.read(each))) for each in documents)
        pictures = [each for each in listed if each.endswith(".jpg")]
        assert len(pictures) == sealed.photos.count() and packed.read(pictures[0]).startswith(b"\xff\xd8")
        contents = packed.read("目录.txt").decode("utf-8-sig")
        assert sealed.archive.sha256 in contents and all(each in contents for each in listed)
    line = AccessEvent.objects.filter(kind="export", reason="移交档案馆").get()
    assert line.actor == director and line.object_pk == str(sealed.pk)


# --- erasing -----------------------------------------------------------------------------------------------------------------------
def after(archive):
    """Go to the day after the file's time."""
    return time_machine.travel(
        timezone.now() + (archive.keep_until - timezone.localdate()) + timedelta(days=1)
    )


def test_a_file_is_erased_in_its_time_by_two_people_and_its_line_stays(sealed, director, officer):
    archive, number = sealed.archive, sealed.case_number
    PrivateNote.objects.get()
    Viewing.objects.create(
        dispute=sealed, user=officer, reason="检查工作", until=timezone.now() + timedelta(hours=1)
    )
    names = [*sealed.papers.values_list("file", flat=True), *sealed.photos.values_list("image", flat=True)]
    with pytest.raises(Refused, match="还没有到期"):
        archiving.ask_erasure(archive, by=director, reason="保管期满")
    with after(archive):
        director, officer = (User.objects.get(pk=user.pk) for user in (director, officer))
        with pytest.raises(Refused, match="没有人申请"):
            archiving.approve_erasure(archive, by=officer)
        with pytest.raises(NotYours):
            archiving.ask_erasure(archive, by=officer, reason="保管期满")
        archiving.ask_erasure(archive, by=director, reason="保管期满")
        assert Notice.objects.filter(recipient=officer, title__contains="申请销毁").exists()
        with pytest.raises(NotYours):
            archiving.approve_erasure(archive, by=director)
        with pytest.raises(Refused, match="已经申请"):
            archiving.ask_erasure(archive, by=director, reason="保管期满")
        archiving.approve_erasure(archive, by=officer)
        archive = Archive.objects.get(pk=archive.pk)
        assert archive.erased_on == timezone.localdate() and archive.manifest == {} and archive.sha256
    line = Dispute.objects.get(pk=sealed.pk)
    assert (line.case_number, line.category, line.outcome, line.status) == (
        number,
        "neighbours",
        "written",
        "archived",
    )
    assert line.accepted_at and line.ended_at and line.closed_at and line.grid_id == factories.BASE
    assert (line.description, line.applicant, line.applicant_name, line.applicant_phone) == ("", None, "", "")
    for model in (Disputant, DisputeStep, DisputePhoto, Paper, PrivateNote, Viewing):
        assert not model._base_manager.exists(), model
    term = Term.objects.get()
    assert (term.state, term.amount, term.content) == ("done", 800, "（已销毁）")
    assert Intake.objects.get(number=line.number).applicant_name == ""
    assert not Notice.objects.filter(number=line.number).exists()
    assert verify_seal(line).is_erased
    assert AccessEvent.objects.filter(summary__startswith="批准销毁").get().actor == officer
    # What is left of it is frozen as well.
    for statement in (
        "UPDATE mediation_dispute SET outcome = 'oral' WHERE id = %s",
        "UPDATE mediation_archive SET erase_reason = 'x' WHERE dispute_id = %s",
        "UPDATE mediation_archive SET erased_on = NULL WHERE dispute_id = %s",
    ):
        with pytest.raises(Error, match="frozen"):
            sql(statement, sealed.pk)
    assert all(default_storage.exists(name) for name in names), "they go once the transaction has ended"


@pytest.mark.django_db(transaction=True)
def test_the_stored_files_go_with_an_erased_archive(transactional_db):
    factories.make_territory()
    director, mediator = disputes.make_director(), disputes.make_mediator()
    officer = factories.make_staff("justice_officer", factories.DISTRICT)
    dispute = run(finish(full(director, mediator), director, mediator), "archive", director)
    names = [*dispute.papers.values_list("file", flat=True), *dispute.photos.values_list("thumb", flat=True)]
    assert len(names) > 10 and all(default_storage.exists(name) for name in names)
    with after(dispute.archive):
        director, officer = (User.objects.get(pk=user.pk) for user in (director, officer))
        archiving.ask_erasure(dispute.archive, by=director, reason="保管期满")
        archiving.approve_erasure(dispute.archive, by=officer)
    assert not any(default_storage.exists(name) for name in names)


def test_a_hold_keeps_a_file_and_a_refusal_sends_the_wish_back(sealed, director, officer):
    with after(sealed.archive):
        director, officer = (User.objects.get(pk=user.pk) for user in (director, officer))
        archiving.ask_erasure(sealed.archive, by=director, reason="保管期满")
        archiving.hold(sealed.archive, by=director, reason="有诉讼未了")
        with pytest.raises(Refused, match="没有人申请"):
            archiving.approve_erasure(sealed.archive, by=officer)
        with pytest.raises(Refused, match="有诉讼未了"):
            archiving.ask_erasure(sealed.archive, by=director, reason="保管期满")
        archiving.release(sealed.archive, by=director, reason="诉讼已结")
        archiving.ask_erasure(sealed.archive, by=director, reason="保管期满")
        archiving.refuse_erasure(sealed.archive, by=officer, reason="再留一年")
        assert Archive.objects.get().erase_asked_at is None
        assert Notice.objects.filter(recipient=director, title__startswith="没有批准").exists()
    assert Disputant.objects.count() == 2 and verify_seal(sealed).is_intact


def test_the_database_lets_nobody_erase_alone_or_before_time(sealed, director, officer):
    asked = f"erase_asked_at = now(), erase_asked_by_id = {director.pk}, erase_reason = 'x'"
    alone = f"erase_approved_at = now(), erase_approved_by_id = {director.pk}"
    other = f"erase_approved_at = now(), erase_approved_by_id = {officer.pk}"
    for change in (
        f"{asked}, {alone}",
        other,
        f"{asked}, {other}, hold_reason = 'x', held_at = now(), held_by_id = {director.pk}",
        f"{asked}, {other}, erased_on = current_date",
    ):
        with pytest.raises(IntegrityError):
            sql(f"UPDATE mediation_archive SET {change} WHERE dispute_id = %s", sealed.pk)


# --- at the desk ---------------------------------------------------------------------------------------------------------------------
def client_of(user) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=user.pk), backend=BACKEND)
    return client


def test_the_desk_shows_the_seal_and_takes_the_file_along(sealed, director, mediator, officer):
    page = reverse("admin:mediation_archive_change", args=[sealed.archive.pk])
    do = lambda action: reverse("admin:mediation_archive_do", args=[sealed.archive.pk, action])  # noqa: E731
    desk = client_of(director)
    answer = desk.get(page)
    assert "封存完好" in answer.content.decode() and "人民调解协议书" in answer.content.decode()
    assert desk.get(reverse("admin:mediation_archive_changelist")).status_code == 200
    assert "请填写理由" in desk.post(do("export"), {"reason": ""}).content.decode()
    taken = desk.post(do("export"), {"reason": "移交档案馆"})
    assert taken["Content-Type"] == "application/zip" and zipfile.ZipFile(io.BytesIO(taken.content))
    assert desk.get(do("ask")).status_code == desk.get(do("approve")).status_code == 404
    assert desk.post(do("hold"), {"reason": "有诉讼未了"}).status_code == 302
    assert desk.post(do("release"), {"reason": "诉讼已结"}).status_code == 302
    by_force("UPDATE mediation_disputant SET name = '别人' WHERE dispute_id = %s", sealed.pk)
    assert "当事人被改动" in desk.get(page).content.decode()
    for user in (officer, disputes.make_director(factories.STREET), disputes.users(sealed)[0]):
        assert client_of(user).get(page).status_code in (302, 404)
        assert client_of(user).get(do("export")).status_code in (302, 404)
    assert client_of(mediator.user).get(do("export")).status_code == 404


def test_who_approves_sees_what_waits_for_her_and_nothing_of_the_file(sealed, director, officer):
    page = reverse("admin:mediation_archive_change", args=[sealed.archive.pk])
    approve = reverse("admin:mediation_archive_do", args=[sealed.archive.pk, "approve"])
    with after(sealed.archive):
        client_of(director).post(
            reverse("admin:mediation_archive_do", args=[sealed.archive.pk, "ask"]), {"reason": "保管期满了"}
        )
        desk = client_of(officer)
        text = desk.get(page).content.decode()
        assert "保管期满了" in text and "卷内目录" not in text and "封存完好" not in text
        assert not any(party.name in text for party in sealed.disputants.all())
        assert not officer.may("view", sealed)
        assert (
            str(sealed.case_number)
            in desk.get(reverse("admin:mediation_archive_changelist")).content.decode()
        )
        assert client_of(director).get(approve).status_code == 404
        assert desk.post(approve, {"reason": "同意销毁"}).status_code == 302
        assert Archive.objects.get().erased_on is not None
        assert desk.get(page).status_code == 404
        assert "已经销毁" in client_of(director).get(page).content.decode()


@pytest.mark.django_db(transaction=True)
def test_who_writes_into_a_file_while_it_is_sealed_waits_and_is_refused(transactional_db):
    factories.make_territory()
    director, mediator = disputes.make_director(), disputes.make_mediator()
    dispute = disputes.make_closed(director=director, mediator=mediator)
    held = threading.Event()

    def sealing():
        with transaction.atomic():
            run(dispute, "archive", director, incomplete=True, note="当事人不给")
            held.set()
            time.sleep(1)

    def writing():
        assert held.wait(60)
        try:
            Disputant.objects.create(dispute=dispute, side="third", name="后来的人")
        except Error as error:
            return str(error)
        return "written"

    _, said = all_at_once(sealing, writing)
    assert "frozen" in said
    assert verify_seal(Dispute.objects.get(pk=dispute.pk)).is_intact


def test_a_sealed_file_takes_no_more_pictures(sealed, director):
    with pytest.raises(Refused):
        run(sealed, "scan", director, kind="evidence", photos=[upload()])
    assert verify_seal(sealed).is_intact
