"""Loading a file of tickets at once (批量导入): upload, look over, and run in the background, row by row through the front
door. A row and what became of it are written together, so that a run which broke off goes on where it stopped."""

import json
import logging
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Count
from django.urls import reverse
from django.utils import timezone
from django_tasks import task

from governance import audit, encryption, exports, notices
from governance.flow import NotYours, Refused, on_tick
from governance.models import AccessEvent, Intake, User
from governance.permissions import nearest_holders
from governance.territory import GridLevel
from incidents.models import ImportRow, ImportState, Incident, IncidentImport
from incidents.services.places import common
from incidents.services.reporting import report_incident
from incidents.services.tables import Cell, Table, read_table, said
from incidents.services.tickets import FIELDS, KNOWN, WHY, BadRow, Reader, Ticket, guess

log = logging.getLogger(__name__)

#: One task works for so many seconds and lets the next one go on, so that other work of the portal is not held up.
SLICE_SECONDS = 20
#: A run that has shown no progress for so long has broken off; the ticker starts it again, so many times.
STALLED = timedelta(minutes=3)
MOST_ATTEMPTS = 5
#: Files that nobody loads, and the cells of refused rows that nobody mends, are forgotten after so many days.
KEEP_DRAFTS, KEEP_CELLS = timedelta(days=7), timedelta(days=30)
#: Rows after which the progress is written down.
STEP = 20
SHOWN_ROWS, SHOWN_WRONG = 5, 200


# --- the file -----------------------------------------------------------------------------------------------------------
@transaction.atomic
def open_import(by: User, *, source: str, file_name: str, data: bytes) -> IncidentImport:
    """Keep an uploaded file to be looked over. Returns it, with the columns guessed as they were the last time.

    Raises ValidationError at ``file``, and PermissionDenied for somebody who may not load files.
    """
    posts = [p for p in by.posts_in_force if "incidents.import_incident" in p.permissions]
    if not posts:
        raise PermissionDenied
    table = read_table(data, KNOWN)
    last = IncidentImport.objects.restrict(by).filter(source=source).exclude(mapping={}).first()
    batch = IncidentImport(
        # Whoever looks on from a place finds no file in which rows of another may stand.
        grid_id=common([post.code for post in posts]) or min((post.code for post in posts), key=len),
        by=by,
        source=source,
        file_name=said(file_name)[-100:] or "（没有名称）",
        headings=table.headings,
        mapping=guess(table.headings, last.mapping if last is not None else None),
        total=len(table.rows),
    )
    batch.full_clean(exclude=["file", "mapping", "started_at", "finished_at"])
    batch.file.save("x", ContentFile(data), save=False)
    batch.save()
    return batch


def table_of(batch: IncidentImport) -> Table:
    """Return what stands in the file. Raises ValidationError where it is gone."""
    try:
        with batch.file.open("rb") as file:
            return read_table(file.read(), KNOWN)
    except (OSError, ValueError):
        raise ValidationError("文件已经删除，请重新上传。") from None


def set_mapping(batch: IncidentImport, mapping: dict[str, str]) -> None:
    """Say which heading means which field. Raises ValidationError at the fields that lack one or share one."""
    wrong: dict[str, str] = {}
    for each in FIELDS:
        name = mapping.get(each.key, "")
        if name and name not in batch.headings:
            wrong[each.key] = "文件里没有这一列，请重新选择。"
        elif each.needed and not name:
            wrong[each.key] = f"请选择哪一列是{each.label}。"
        elif name and list(mapping.values()).count(name) > 1:
            wrong[each.key] = f"“{name}”选了两次，请改选其一。"
    if not mapping.get("community") and not mapping.get("address"):
        wrong.setdefault("community", "社区和地址至少要选一列。")
    if wrong:
        raise ValidationError(wrong)
    batch.mapping = {key: name for key, name in mapping.items() if name}
    batch.save(update_fields=["mapping"])


# --- looking it over ----------------------------------------------------------------------------------------------------
@dataclass
class Check:
    """What a run would do: how many rows are in order, were taken in before, or cannot be; the first of each to look at."""

    total: int = 0
    good: int = 0
    repeated: int = 0
    wrong: int = 0
    first: list[Ticket] = field(default_factory=list)
    problems: list[tuple[int, str, str]] = field(default_factory=list)


def check(batch: IncidentImport) -> Check:
    """Return what loading the file would do. Nothing is written. Raises ValidationError where the file is gone."""
    table, told = table_of(batch), Check()
    reader = Reader(table.headings, batch.mapping, batch.by)
    told.total, numbers = len(table.rows), []
    for line, cells in table.rows:
        try:
            ticket = reader.read(line, cells)
        except BadRow as bad:
            told.wrong += 1
            if len(told.problems) < SHOWN_WRONG:
                told.problems.append((line, reader.number_of(cells), "".join(bad.reasons)))
            continue
        numbers.append(ticket.number)
        if len(told.first) < SHOWN_ROWS:
            told.first.append(ticket)
    for start in range(0, len(numbers), 1000):
        known = Intake.objects.filter(source=batch.source, source_id__in=numbers[start : start + 1000])
        told.repeated += known.count()
    told.good = len(numbers) - told.repeated
    return told


# --- loading it ---------------------------------------------------------------------------------------------------------
@transaction.atomic
def start(batch: IncidentImport, by: User) -> IncidentImport:
    """Let the background load the file; harmless when it does already. Raises ValidationError without the columns."""
    batch = IncidentImport.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    if batch.status not in (ImportState.DRAFT, ImportState.FAILED):
        return batch
    set_mapping(batch, batch.mapping)
    batch.status, batch.touched_at, batch.attempts = ImportState.QUEUED, timezone.now(), 0
    batch.started_at = batch.started_at or batch.touched_at
    batch.save(update_fields=["status", "touched_at", "started_at", "attempts"])
    audit.record(
        AccessEvent.Kind.CONFIGURE, by, f"批量导入 {batch.get_source_display()} {batch.total} 行", obj=batch
    )
    run_import.enqueue(batch.pk)
    return batch


@task()
def run_import(batch_pk: int) -> str:
    """Go on with one import for a while; what is left is the next task's. Only one works on a file at a time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('incidents.import'), %s)", [batch_pk])
        if not cursor.fetchone()[0]:
            return "somebody else is at it"
    try:
        return go_on(batch_pk)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtext('incidents.import'), %s)", [batch_pk])


def go_on(batch_pk: int, seconds: float = SLICE_SECONDS) -> str:
    """Load rows that have no outcome yet. Returns the state afterwards. A second run of the same rows changes nothing."""
    batch = IncidentImport.objects.select_related("by").filter(pk=batch_pk).first()
    if batch is None or not batch.is_under_way:
        return "nothing to do"
    _touch(batch, status=ImportState.RUNNING)
    try:
        table = table_of(batch)
    except ValidationError:
        _touch(batch, status=ImportState.FAILED)
        return batch.status
    done = set(batch.rows.values_list("line", flat=True))
    reader, until = Reader(table.headings, batch.mapping, batch.by), time.monotonic() + seconds
    written = 0
    for line, cells in table.rows:
        try:
            ticket, reasons = reader.read(line, cells), []
        except BadRow as bad:
            ticket, reasons = None, bad.reasons
        if line in done:
            continue
        if time.monotonic() > until:
            _touch(batch)
            run_import.enqueue(batch.pk)
            return batch.status
        _take(batch, line, reader.number_of(cells), ticket, reasons, cells)
        written += 1
        if written % STEP == 0:
            _touch(batch)
    _finish(batch)
    return batch.status


def _take(
    batch: IncidentImport,
    line: int,
    number: str,
    ticket: Ticket | None,
    reasons: list[str],
    cells: list[Cell],
) -> None:
    """Write one row's incident and outcome together, or why there is none."""
    if ticket is not None:
        try:
            with transaction.atomic():
                incident, new = report_incident(
                    by=batch.by,
                    source=batch.source,
                    source_id=ticket.number,
                    channel=batch.source,
                    quietly=True,
                    **ticket.report_data(),
                    **_owner(ticket),
                )
                outcome = ImportRow.Outcome.NEW if new else ImportRow.Outcome.REPEATED
                ImportRow.objects.create(
                    batch=batch, line=line, ticket=number, outcome=outcome, incident=incident
                )
            return
        except NotYours:
            reasons = ["这个地方不在您的管辖范围内，请交给管这里的街道或区级坐席导入。"]
        except ValidationError as refusal:
            reasons = refusal.messages
        except (OperationalError, InterfaceError):
            raise  # the database is away; the ticker starts the run again
        except Exception:
            # One row must not hold up the others; the log tells the administrator why.
            log.exception("import %s, row %s", batch.pk, line)
            reasons = ["系统没能登记这一行，请稍后再传一次；仍不行请联系系统管理员。"]
    ImportRow.objects.create(
        batch=batch,
        line=line,
        ticket=number,
        outcome=ImportRow.Outcome.REFUSED,
        words="".join(reasons)[:500],
        cells=encryption.seal(json.dumps([said(cell) for cell in cells], ensure_ascii=False)),
    )


def _owner(ticket: Ticket) -> dict[str, Any]:
    phone = ticket.data["applicant_phone"]
    owner = User.objects.filter(phone=phone, phone_verified=True, is_active=True).first() if phone else None
    return {"applicant": owner}


def _touch(batch: IncidentImport, **changed: Any) -> None:
    """Write down how far a run has come, and what else has changed."""
    counts = Counter(dict(batch.rows.order_by().values_list("outcome").annotate(Count("pk"))))
    changed |= {outcome.value: counts[outcome] for outcome in ImportRow.Outcome}
    changed["touched_at"] = timezone.now()
    for name, value in changed.items():
        setattr(batch, name, value)
    batch.save(update_fields=list(changed))


@transaction.atomic
def _finish(batch: IncidentImport) -> None:
    """Close the import, delete the file, and tell whom it concerns, once."""
    locked = IncidentImport.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    if locked.status == ImportState.DONE:
        return
    now = timezone.now()
    _touch(batch, status=ImportState.DONE, finished_at=now)
    if batch.file:
        # What is kept is in the incidents and, of refused rows, in their cells.
        transaction.on_commit(lambda: batch.file.storage.delete(batch.file.name))
        IncidentImport.objects.filter(pk=batch.pk).update(file="")
    notices.tell(
        [batch.by],
        f"批量导入已完成：新登记 {batch.new} 行",
        body=f"{batch.file_name}：以前已登记 {batch.repeated} 行，未导入 {batch.refused} 行。",
        url=reverse("admin:incidents_incidentimport_change", args=[batch.pk]),
    )
    _tell_desks(batch)


def _tell_desks(batch: IncidentImport) -> None:
    """Tell each place's desk how many came, in one line instead of one for each."""
    codes = batch.rows.filter(outcome=ImportRow.Outcome.NEW, incident__is_urgent=False)
    here = Counter(code[: GridLevel.COMMUNITY] for code in codes.values_list("incident__grid", flat=True))
    url = f"{reverse('admin:incidents_incident_changelist')}?wait=desk&channel={batch.source}"
    for code, number in here.items():
        people = [p for p in nearest_holders("incidents.dispatch_incident", code) if p.pk != batch.by_id]
        notices.tell(people, f"{batch.get_source_display()}转来 {number} 件，待受理", url=url)


# --- what was refused -----------------------------------------------------------------------------------------------------
def refused_table(batch: IncidentImport, by: User, *, request: Any = None) -> bytes:
    """Return the refused rows as an Excel file, as they were and with the reason: to be mended and sent again.

    It holds personal data in clear, so it is the importer's alone, and logged. Raises PermissionDenied for others and
    ValidationError when there is none, or it is too late.
    """
    if not by.may("mend", batch):
        raise PermissionDenied
    rows = list(batch.rows.filter(outcome=ImportRow.Outcome.REFUSED).exclude(cells="").order_by("line"))
    if not rows:
        raise ValidationError(
            f"没有可以下载的行。未导入的内容只保留 {KEEP_CELLS.days} 天，请用原来的文件改好再传。"
        )
    columns: list[exports.Column] = [
        (name, 18, lambda each, at=at: each[0][at]) for at, name in enumerate(batch.headings) if name != WHY
    ]
    columns.append((WHY, 60, lambda each: each[1]))
    audit.record(
        AccessEvent.Kind.EXPORT, by, f"下载批量导入中未导入的 {len(rows)} 行", obj=batch, request=request
    )
    width = len(batch.headings)
    return exports.workbook("未导入", columns, ((_cells(row, width), row.words) for row in rows))


def _cells(row: ImportRow, width: int) -> list[str]:
    try:
        kept = json.loads(encryption.unseal(row.cells))
    except encryption.Unreadable:
        kept = [row.ticket]
    return [*kept, *([""] * width)][:width]


def template() -> bytes:
    """Return an empty table with our own headings, an example, and what belongs in each column."""
    example = {
        "ticket": "20261122000123", "minor": "暴露垃圾", "community": "", "address": "和苑里3号楼1门",
        "description": "楼门口有一堆装修垃圾，两天没人清", "name": "", "phone": "", "happened": "2026-11-22 14:05", "urgent": "否",
    }  # fmt: skip
    columns: list[exports.Column] = [(each.label, 18, lambda row, key=each.key: row[key]) for each in FIELDS]
    return exports.workbook("工单", columns, [example], [(each.label, each.how) for each in FIELDS])


def discard(batch: IncidentImport) -> None:
    """Delete a file that was not loaded. Raises Refused for one that was."""
    with transaction.atomic():
        locked = IncidentImport.objects.select_for_update(of=("self",)).get(pk=batch.pk)
        if locked.status != ImportState.DRAFT:
            raise Refused("已经开始的导入不能删除。")
        name = locked.file.name
        locked.delete()
        if name:
            transaction.on_commit(lambda: batch.file.storage.delete(name))


def reachable(rows: Iterable[ImportRow], user: User) -> set[int]:
    """Return the keys of those of the rows' incidents that the person may open."""
    keys = {row.incident_id for row in rows if row.incident_id}
    return set(Incident.objects.restrict(user).filter(pk__in=keys).values_list("pk", flat=True))


# --- what time does -------------------------------------------------------------------------------------------------------
@on_tick
def keep_imports_going(now: Any) -> int:
    """Start again what broke off, and give up what breaks off every time."""
    done = 0
    stalled = IncidentImport.objects.filter(
        status__in=[ImportState.QUEUED, ImportState.RUNNING], touched_at__lte=now - STALLED
    )
    for key in list(stalled.values_list("pk", flat=True)[:100]):
        with transaction.atomic():
            batch = stalled.select_for_update(of=("self",), skip_locked=True).filter(pk=key).first()
            if batch is None:
                continue
            batch.attempts += 1
            batch.status = ImportState.FAILED if batch.attempts > MOST_ATTEMPTS else batch.status
            batch.touched_at = now
            batch.save(update_fields=["attempts", "status", "touched_at"])
            if batch.is_under_way:
                run_import.enqueue(batch.pk)
            done += 1
    return done


@on_tick
def forget_what_was_left(now: Any) -> int:
    """Delete files that nobody loaded, and the cells of refused rows that nobody mended."""
    old = IncidentImport.objects.filter(status=ImportState.DRAFT, created_at__lte=now - KEEP_DRAFTS)
    done = 0
    for batch in old[:100]:
        discard(batch)
        done += 1
    late = ImportRow.objects.filter(
        batch__in=IncidentImport.objects.filter(
            finished_at__lte=now - KEEP_CELLS, finished_at__gt=now - KEEP_CELLS - timedelta(days=30)
        ),
        outcome=ImportRow.Outcome.REFUSED,
    ).exclude(cells="")
    return done + late.update(cells="")
