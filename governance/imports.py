"""Loading a table at once (批量导入): upload, look over, and run in the background, row by row. A row and what became of it are
written together, so that a run which broke off goes on where it stopped.

What one kind of table is, an app says in its importer (governance/importers.py); everything else is here.
"""

import json
import logging
import time
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Count
from django.urls import reverse
from django.utils import timezone
from django_tasks import task

from governance import audit, encryption, exports, notices
from governance.flow import Refused, on_tick
from governance.importers import WHY, BadRow, Importer, RowReader, importer_of, importers
from governance.masks import IDENTITY_NUMBER
from governance.models import AccessEvent, ImportState, TableImport, TableRow, User
from governance.tables import Cell, Table, packed, read_table, said, unpacked
from governance.territory import common_node, covers

log = logging.getLogger(__name__)

#: One task works for so many seconds and lets the next one go on, so that other work of the portal is not held up.
SLICE_SECONDS = 20
#: A run that has shown no progress for so long has broken off; the ticker starts it again, so many times.
STALLED = timedelta(minutes=3)
MOST_ATTEMPTS = 5
#: Files that nobody loads, and the cells of refused rows that nobody mends, are forgotten after so many days.
KEEP_DRAFTS, KEEP_CELLS = timedelta(days=7), timedelta(days=30)
TOO_OLD = "内容和原因已过保存期，已经删除。"
#: Rows after which the progress is written down; and how many checked rows are asked for at once whether they came before.
STEP, ASKED = 20, 5_000
SHOWN_ROWS, SHOWN_WRONG = 5, 200
#: How the example in our own template begins; it is no row.
EXAMPLE = "（示例）"
REFUSED = TableRow.Outcome.REFUSED


# --- the file -----------------------------------------------------------------------------------------------------------
@transaction.atomic
def open_import(importer: Importer, by: User, *, file_name: str, data: bytes, **origin: Any) -> TableImport:
    """Keep an uploaded file to be looked over. Returns it, with the columns guessed as they were the last time.

    ``origin``: the batch's further columns. Raises ValidationError at ``file``, and PermissionDenied for somebody who may not
    load files.
    """
    place = loads_at(importer, by)
    if place is None:
        raise PermissionDenied
    table = without_examples(read_table(data, importer.known_headings, importer.limits))
    table = without_columns(table, importer.unwanted)
    if importer.unwanted:
        table = without_identity_numbers(table)
    batch = importer.batch(
        # Whoever looks on from a place finds no file in which rows of another may stand.
        grid_id=place,
        by=by,
        file_name=said(file_name)[-100:] or "（没有名称）",
        headings=table.headings,
        total=len(table.rows),
        **origin,
    )
    last = importer.batch.objects.restrict(by).filter(**batch.origin()).exclude(mapping={}).first()
    batch.mapping = importer.guess(table.headings, last.mapping if last is not None else None)
    batch.full_clean(exclude=["file", "mapping", "started_at", "finished_at"])
    batch.file.save("x", ContentFile(packed(table)), save=False)
    batch.save()
    return batch


def loads_at(importer: Importer, by: User) -> str | None:
    """Return the place of the posts by which somebody loads these tables, of several the one that holds them all; None without any."""
    codes = [post.code for post in by.posts_with(importer.permission)]
    return (common_node(codes) or min(codes, key=len)) if codes else None


def without_examples(table: Table) -> Table:
    """Return a table without the example that our template shows. Raises ValidationError at ``file`` where nothing else is in it."""
    rows = [
        (line, cells)
        for line, cells in table.rows
        if not any(said(cell).startswith(EXAMPLE) for cell in cells)
    ]
    if not rows:
        raise ValidationError({"file": f"表格里只有{EXAMPLE}那一行，请在下面填写以后再上传。"})
    return Table(table.headings, rows)


def without_columns(table: Table, unwanted: Collection[str]) -> Table:
    """Return a table without the columns whose heading holds one of these words: nobody may keep what is in them."""
    kept = [at for at, name in enumerate(table.headings) if not any(word in name for word in unwanted)]
    if len(kept) == len(table.headings):
        return table
    rows = [(line, [cells[at] for at in kept]) for line, cells in table.rows]
    return Table([table.headings[at] for at in kept], rows)


def without_identity_numbers(table: Table) -> Table:
    """Return a table without the identity numbers that stand in cells of other columns, or among the headings."""

    def clean(cell: Cell) -> Cell:
        if isinstance(cell, float | int) and 1e17 <= cell < 1e18:
            return None if IDENTITY_NUMBER.search(str(int(cell))) else cell
        return IDENTITY_NUMBER.sub("", cell).strip() if isinstance(cell, str) else cell

    headings = [clean(name) or f"第 {at} 列" for at, name in enumerate(table.headings, 1)]
    return Table(headings, [(line, [clean(cell) for cell in cells]) for line, cells in table.rows])


def table_of(batch: TableImport) -> Table:
    """Return what stands in the file. Raises ValidationError where it is gone."""
    try:
        with batch.file.open("rb") as file:
            return unpacked(file.read())
    except (OSError, ValueError):
        raise ValidationError("文件已经删除，请重新上传。") from None


def set_mapping(batch: TableImport, mapping: dict[str, str]) -> None:
    """Say which heading means which column. Raises ValidationError at the columns that lack one or share one."""
    importer, wrong = importer_of(batch), {}
    for each in importer.columns:
        name = mapping.get(each.key, "")
        if name and name not in batch.headings:
            wrong[each.key] = "文件里没有这一列，请重新选择。"
        elif each.needed and not name:
            wrong[each.key] = f"请选择哪一列是{each.label}。"
        elif name and list(mapping.values()).count(name) > 1:
            wrong[each.key] = f"“{name}”选了两次，请改选其一。"
    wrong = importer.wrong_columns(mapping) | wrong
    if wrong:
        raise ValidationError(wrong)
    batch.mapping = {key: name for key, name in mapping.items() if name}
    batch.save(update_fields=["mapping"])


def discard(batch: TableImport) -> None:
    """Delete a file that was not loaded. Raises Refused for one that was."""
    with transaction.atomic():
        locked = _locked(batch)
        if locked.status != ImportState.DRAFT:
            raise Refused("已经开始的导入不能删除。")
        name = locked.file.name
        locked.delete()
        if name:
            transaction.on_commit(lambda: batch.file.storage.delete(name))


def _locked(batch: TableImport) -> TableImport:
    return type(batch).objects.select_for_update(of=("self",)).get(pk=batch.pk)


# --- looking it over ----------------------------------------------------------------------------------------------------
@dataclass
class Check:
    """What a run would do: how many rows are in order, were taken in before, or cannot be; the first of each to look at."""

    total: int = 0
    good: int = 0
    repeated: int = 0
    wrong: int = 0
    first: list[tuple[int, str, Any]] = field(default_factory=list)
    problems: list[tuple[int, str, str]] = field(default_factory=list)


def check(batch: TableImport) -> Check:
    """Return what loading the file would do. Nothing is written. Raises ValidationError where the file is gone."""
    importer, table, told = importer_of(batch), table_of(batch), Check()
    reader = importer.reader(table.headings, batch.mapping, batch.by)
    told.total, rows = len(table.rows), []
    for line, cells in table.rows:
        try:
            row = reader.read(line, cells)
        except BadRow as bad:
            told.wrong += 1
            if len(told.problems) < SHOWN_WRONG:
                told.problems.append((line, reader.number(cells), "".join(bad.reasons)))
            continue
        rows.append((line, reader.number(cells), row))
        if len(rows) == ASKED:
            _ask(importer, batch, rows, told)
            rows = []
    if rows:
        _ask(importer, batch, rows, told)
    told.problems.sort()
    told.good = told.total - told.wrong - told.repeated
    return told


def _ask(importer: Importer, batch: TableImport, rows: list[tuple[int, str, Any]], told: Check) -> None:
    """Count what of these checked rows came before, and what clashes with what stands in the database."""
    clashes = importer.clashes(batch, [row for _, _, row in rows])
    told.wrong += len(clashes)
    for at, words in clashes.items():
        if len(told.problems) < SHOWN_WRONG:
            told.problems.append((*rows[at][:2], words))
    fit = [each for at, each in enumerate(rows) if at not in clashes]
    told.first += fit[: SHOWN_ROWS - len(told.first)]
    told.repeated += importer.known(batch, [row for _, _, row in fit])


# --- loading it ---------------------------------------------------------------------------------------------------------
@transaction.atomic
def start(batch: TableImport, by: User) -> TableImport:
    """Let the background load the file; harmless when it does already. Raises ValidationError without the columns."""
    batch = _locked(batch)
    if batch.status not in (ImportState.DRAFT, ImportState.FAILED):
        return batch
    set_mapping(batch, batch.mapping)
    batch.status, batch.touched_at, batch.attempts = ImportState.QUEUED, timezone.now(), 0
    batch.started_at = batch.started_at or batch.touched_at
    batch.save(update_fields=["status", "touched_at", "started_at", "attempts"])
    words = [str(batch._meta.verbose_name), batch.origin_text, f"{batch.total} 行"]
    audit.record(AccessEvent.Kind.CONFIGURE, by, " ".join(filter(None, words)), obj=batch)
    _enqueue(batch)
    return batch


def _enqueue(batch: TableImport) -> None:
    run_import.enqueue(batch._meta.label, batch.pk)


@task()
def run_import(model: str, batch_pk: int) -> str:
    """Go on with one import for a while; what is left is the next task's. Only one works on a file at a time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s), %s)", [model, batch_pk])
        if not cursor.fetchone()[0]:
            return "somebody else is at it"
    try:
        return go_on(apps.get_model(model)(pk=batch_pk))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtext(%s), %s)", [model, batch_pk])


def go_on(batch: TableImport, seconds: float = SLICE_SECONDS) -> str:
    """Load rows that have no outcome yet. Returns the state afterwards. A second run of the same rows changes nothing."""
    batch = type(batch).objects.select_related("by").filter(pk=batch.pk).first()
    if batch is None or not batch.is_under_way:
        return "nothing to do"
    importer, done = importer_of(batch), dict(batch.rows.values_list("line", "outcome"))
    counts = Counter(done.values())
    _touch(batch, counts, status=ImportState.RUNNING)
    try:
        table = table_of(batch)
    except ValidationError:
        _touch(batch, counts, status=ImportState.FAILED)
        return batch.status
    reader, until = importer.reader(table.headings, batch.mapping, batch.by), None
    for line, cells in table.rows:
        if line in done:
            if done[line] != REFUSED:
                reader.pass_by(line, cells)
            continue
        # The time runs from the first row that has none, so that each slice gets somewhere.
        until = until or time.monotonic() + seconds
        if time.monotonic() > until:
            _touch(batch, counts)
            _enqueue(batch)
            return batch.status
        counts[_load(importer, batch, reader, line, cells)] += 1
        if counts.total() % STEP == 0:
            _touch(batch, counts)
    _finish(importer, batch)
    return batch.status


def _load(importer: Importer, batch: TableImport, reader: RowReader, line: int, cells: list[Cell]) -> str:
    """Write what one row makes and its outcome together, or why there is none. Returns the outcome."""
    rows, called = importer.row.objects, reader.number(cells)[:100]
    told = {"batch": batch, "line": line, importer.row.called: called}
    try:
        row = reader.read(line, cells)
        with transaction.atomic():
            outcome, made = importer.take(batch, row)
            rows.create(**told, outcome=outcome, **{importer.row.made: made})
            return outcome
    except BadRow as bad:
        reasons = bad.reasons
    except ValidationError as refusal:
        reasons = refusal.messages
    except (OperationalError, InterfaceError):
        raise  # the database is away; the ticker starts the run again
    except Exception:
        # One row must not hold up the others; the log tells the administrator why.
        log.exception("import %s %s, row %s", batch._meta.label, batch.pk, line)
        reasons = ["系统没能登记这一行，请稍后再传一次；仍不行请联系系统管理员。"]
    kept = encryption.seal(json.dumps([said(cell) for cell in cells], ensure_ascii=False))
    rows.create(**told, outcome=REFUSED, words="".join(reasons)[:500], cells=kept)
    return REFUSED


def _touch(batch: TableImport, counts: Mapping[str, int], **changed: Any) -> None:
    """Write down how far a run has come, and what else has changed."""
    changed |= {value: counts.get(value, 0) for value in batch.row_model().Outcome.values}
    changed["touched_at"] = timezone.now()
    for name, value in changed.items():
        setattr(batch, name, value)
    batch.save(update_fields=list(changed))


@transaction.atomic
def _finish(importer: Importer, batch: TableImport) -> None:
    """Close the import, delete the file, and tell whom it concerns, once."""
    if _locked(batch).status == ImportState.DONE:
        return
    counts = dict(batch.rows.order_by().values_list("outcome").annotate(Count("pk")))
    _touch(batch, counts, status=ImportState.DONE, finished_at=timezone.now())
    if batch.file:
        # What is kept is in what the rows became and, of refused rows, in their cells.
        name = batch.file.name
        transaction.on_commit(lambda: batch.file.storage.delete(name))
        batch.file = ""
        batch.save(update_fields=["file"])
    (_, first, number), *others = batch.counts
    meta = batch._meta
    notices.tell(
        [batch.by],
        f"{meta.verbose_name}已完成：{first} {number} 行",
        body=f"{batch.file_name}：{'，'.join(f'{label} {count} 行' for _, label, count in others)}。",
        url=reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[batch.pk]),
    )
    importer.finished(batch)


# --- what was refused -----------------------------------------------------------------------------------------------------
def refused_table(batch: TableImport, by: User, *, request: Any = None) -> bytes:
    """Return the refused rows as an Excel file, as they were and with the reason: to be mended and sent again.

    It holds personal data in clear, so it is the importer's alone, as long as she loads such tables there, and logged. Raises
    PermissionDenied for others and ValidationError when there is none, or it is too late.
    """
    if not may_mend(batch, by):
        raise PermissionDenied
    rows = batch.rows.filter(outcome=REFUSED).exclude(cells="").order_by("line")
    number = rows.count()
    if not number:
        raise ValidationError(
            f"没有可以下载的行。未导入的内容只保留 {KEEP_CELLS.days} 天，请用原来的文件改好再传。"
        )
    columns: list[exports.Column] = [
        (name, 18, lambda each, at=at: each[0][at]) for at, name in enumerate(batch.headings) if name != WHY
    ]
    columns.append((WHY, 60, lambda each: each[1]))
    words = f"下载{batch._meta.verbose_name}中未导入的 {number} 行"
    audit.record(AccessEvent.Kind.EXPORT, by, words, obj=batch, request=request)
    width = len(batch.headings)
    return exports.workbook("未导入", columns, ((_cells(row, width), row.words) for row in rows.iterator()))


def may_mend(batch: TableImport, by: User) -> bool:
    """Say whether somebody may take the refused rows away: her own, with a post there by which she could load them again."""
    place = loads_at(importer_of(batch), by)
    there = by.is_superuser or (place is not None and covers(place, batch.grid_id))
    return there and by.may("mend", batch)


def _cells(row: TableRow, width: int) -> list[str]:
    try:
        kept = json.loads(encryption.unseal(row.cells))
    except encryption.Unreadable:
        kept = [row.title]
    return [*kept, *([""] * width)][:width]


def template(importer: Importer) -> bytes:
    """Return an empty table with our own headings, an example, and what belongs in each column."""
    columns: list[exports.Column] = [
        (each.label, 18, lambda row, key=each.key: row.get(key, "")) for each in importer.columns
    ]
    guide = [(each.label, each.how) for each in importer.columns]
    return exports.workbook(importer.noun, columns, [importer.example], guide)


# --- what time does -------------------------------------------------------------------------------------------------------
@on_tick
def keep_imports_going(now: Any) -> int:
    """Start again what broke off, and give up what breaks off every time."""
    return sum(_restart(importer.batch, now) for importer in importers())


def _restart(kind: type[TableImport], now: Any) -> int:
    done = 0
    stalled = kind.objects.filter(
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
                _enqueue(batch)
            done += 1
    return done


@on_tick
def forget_what_was_left(now: Any) -> int:
    """Delete files that nobody loaded, and the cells of refused rows that nobody mended."""
    return sum(_forget(importer, now) for importer in importers())


def _forget(importer: Importer, now: Any) -> int:
    done, batches = 0, importer.batch.objects
    if not batches.exists():
        return 0
    for batch in batches.filter(status=ImportState.DRAFT, created_at__lte=now - KEEP_DRAFTS)[:100]:
        discard(batch)
        done += 1
    failed = batches.filter(status=ImportState.FAILED)
    for batch in failed.filter(touched_at__lte=now - KEEP_DRAFTS).exclude(file="")[:100]:
        batch.file.delete(save=False)
        batches.filter(pk=batch.pk).update(file="")
        done += 1
    late = batches.filter(
        finished_at__lte=now - KEEP_CELLS, finished_at__gt=now - KEEP_CELLS - timedelta(days=30)
    ) | failed.filter(touched_at__lte=now - KEEP_CELLS)
    # A reason says what stood in the cell.
    rows = importer.row.objects.filter(batch__in=late, outcome=REFUSED).exclude(cells="")
    return done + rows.update(cells="", words=TOO_OLD)
