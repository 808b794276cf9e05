"""What changes the tree: setting up, renaming, moving, merging and dissolving an organisation. Its superior decides; each change is a
line of the chronicle with its day and document."""

import secrets
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction

from governance.constraints import sentence
from governance.flow import NotYours, Refused
from governance.models import Unit, User
from governance.permissions import look_again
from grids.models import Entrance, Grid
from parties.days import check_past
from parties.member_posts import settle_posts
from parties.models import (
    HEAD,
    Disclosure,
    Election,
    JointCommittee,
    Member,
    Officer,
    Organisation,
    OrganisationChange,
    PartyOrgType,
    Transfer,
)
from parties.models.organisations import may_decide_below
from parties.roll import carry_along
from parties.services.meetings import cancel_planned
from parties.services.officers import take_posts_back

K = OrganisationChange.Kind


def _check_decides(organisation: Organisation, by: User) -> None:
    if organisation.ended_on is not None:
        raise Refused("这个党组织已经撤销。")
    if not organisation.is_decided_by(by):
        raise NotYours


def _note(organisation: Organisation, kind: str, day: date, document: str, words: str, by: User) -> None:
    OrganisationChange.objects.create(
        organisation=organisation, kind=kind, day=day, document=document.strip(), words=words[:300], by=by
    )


def _save(organisation: Organisation, **options: Any) -> None:
    """Save; what a constraint holds is said at the name."""
    try:
        with transaction.atomic():
            organisation.save(**options)
    except IntegrityError as error:
        raise Refused(sentence(error) or "与已有的党组织冲突，请检查后再试。", "name") from error


@transaction.atomic
def set_up(
    *,
    by: User,
    parent: Organisation | None,
    grid: Grid,
    name: str,
    kind: int,
    established_on: date,
    form: str = "",
    entrance: Entrance | None = None,
    document: str = "",
    phone: str = "",
    address: str = "",
    theme_day: int | None = None,
) -> Organisation:
    """Set up an organisation below ``parent`` (none for a street's committee), with its unit. Returns it.

    ``by`` decides about ``parent``. Raises NotYours, Refused at the field it concerns, or ValidationError.
    """
    if not may_decide_below(by, parent, grid.code):
        raise NotYours
    check_past(established_on, "established_on")
    check_place(parent, grid, kind, entrance)
    unit = Unit(
        grid=grid, code=f"party-{grid.pk}-{secrets.token_hex(4)}", name=name.strip(), kind=Unit.Kind.PARTY
    )
    unit.full_clean(exclude=["grid"])
    unit.save()
    organisation = Organisation(
        grid=grid, name=name.strip(), kind=kind, form=form, unit=unit, entrance=entrance,
        established_on=established_on, phone=phone.strip(), address=address.strip(), theme_day=theme_day,
    )  # fmt: skip
    organisation.stand_under(parent)
    organisation.clean_fields(exclude=["units"])
    _save(organisation, force_insert=True)
    _note(organisation, K.SET_UP, established_on, document, f"成立{organisation.name}", by)
    look_again(by, organisation, "view")
    return organisation


def check_place(parent: Organisation | None, grid: Grid, kind: int, entrance: Entrance | None = None) -> None:
    """Raise Refused, at the field it concerns, for a place that an organisation of this kind cannot have."""
    if grid.is_retired:
        raise Refused("这个网格已停用，请另选网格。", "grid")
    if parent is None:
        if kind != PartyOrgType.STREET_COMMITTEE:
            raise Refused("请选择上级党组织。", "parent")
    else:
        if parent.is_ended:
            raise Refused("上级党组织已经撤销，请另选。", "parent")
        if kind <= parent.kind:
            raise Refused(
                f"“{parent.name}”是{parent.get_kind_display()}，下面不能设{PartyOrgType(kind).label}。",
                "kind",
            )
        if not grid.code.startswith(parent.grid_id):
            raise Refused(f"网格要在上级“{parent.name}”的范围（{parent.grid}）里。", "grid")
    if entrance is not None and not entrance.grid_id.startswith(grid.code):
        raise Refused("这个楼门不在所选的网格里。", "entrance")


@transaction.atomic
def rename(organisation: Organisation, *, by: User, name: str, day: date, document: str = "") -> Organisation:
    """Give an organisation another name. Raises NotYours or Refused."""
    organisation = _locked(organisation)
    _check_decides(organisation, by)
    check_past(day, "day")
    before, organisation.name = organisation.name, name.strip()
    if organisation.name == before:
        raise Refused("名称没有变。", "name")
    organisation.clean_fields(exclude=["units"])
    _save(organisation, update_fields=["name"])
    Unit.objects.filter(pk=organisation.unit_id).update(name=organisation.name)
    _note(organisation, K.RENAMED, day, document, f"{before} 更名为 {organisation.name}", by)
    return organisation


@transaction.atomic
def move(
    organisation: Organisation, *, by: User, parent: Organisation, day: date, document: str = ""
) -> Organisation:
    """Put an organisation, with all that is below it, under another superior; ``by`` decides about both. Raises NotYours or Refused."""
    organisation = _locked(organisation)
    _check_decides(organisation, by)
    check_past(day, "day")
    if not may_decide_below(by, parent, organisation.grid_id):
        raise Refused("您不能决定这个上级党组织的事，请另选。", "parent")
    if parent.pk == organisation.parent_id:
        raise Refused("上级没有变。", "parent")
    if organisation.unit_id in parent.units:
        raise Refused("不能把党组织放到自己下面。", "parent")
    check_place(parent, organisation.grid, organisation.kind)
    _place(organisation, parent)
    _note(organisation, K.MOVED, day, document, f"隶属调整到{parent.name}", by)
    return organisation


def _place(organisation: Organisation, parent: Organisation) -> None:
    old = organisation.units
    organisation.stand_under(parent)
    _save(organisation, update_fields=["parent", "parent_kind", "parent_grid", "units"])
    carry_along(organisation, old=old)


@transaction.atomic
def merge(
    organisation: Organisation, *, by: User, into: Organisation, day: date, reason: str, document: str = ""
) -> Organisation:
    """Merge an organisation into another of its kind: members and what is below go over, its duties end. Returns the other.

    Raises NotYours, or Refused at the field it concerns.
    """
    organisation, into = _locked(organisation, into)
    _check_decides(organisation, by)
    check_past(day, "day")
    if into.pk == organisation.pk:
        raise Refused("请选择另一个党组织。", "into")
    if into.kind != organisation.kind or into.is_ended:
        raise Refused(f"要并入一个在用的{organisation.get_kind_display()}。", "into")
    if not into.is_decided_by(by):
        raise Refused("您不能决定这个党组织的事，请另选。", "into")
    _check_nothing_under_way(organisation)
    for child in organisation.children.in_force():
        if not child.grid_id.startswith(into.grid_id):
            raise Refused(
                f"“{child.name}”不在“{into.name}”的范围（{into.grid}）里，请先调整它的隶属。", "into"
            )
    _end(organisation, day, by, reason, into=into)
    for child in organisation.children.in_force():
        child.refresh_from_db()
        _place(child, into)
    if organisation.kind == PartyOrgType.GROUP:
        moved = list(Member.objects.on_roll().filter(group=organisation).select_related("organisation"))
        for member in moved:
            member.group = into if member.organisation_id == into.parent_id else None
            member.save()
    else:
        moved = list(organisation.members.on_roll().select_related("group", "user"))
        for member in moved:
            # The groups went over with their members.
            member.organisation = into
            member.save()
            settle_posts(member.user, by=by, reason=f"并入{into.name}")
    for covered in organisation.covered_units.current():
        covered.organisation = into
        covered.save()
    words = f"{organisation.name} 并入 {into.name}，党员 {len(moved)} 名。{reason.strip()}"
    _note(organisation, K.MERGED, day, document, words, by)
    _note(into, K.MERGED, day, document, words, by)
    return into


@transaction.atomic
def dissolve(
    organisation: Organisation, *, by: User, day: date, reason: str, document: str = ""
) -> Organisation:
    """Dissolve an organisation that has nobody and nothing below it any more. Raises NotYours or Refused."""
    organisation = _locked(organisation)
    _check_decides(organisation, by)
    check_past(day, "day")
    _check_nothing_under_way(organisation)
    children = organisation.children.in_force().count()
    if children:
        raise Refused(f"下面还有 {children} 个党组织，请先撤销、合并或调整隶属。")
    members = organisation.members.on_roll().count()
    if organisation.kind == PartyOrgType.GROUP:
        members = organisation.group_members.on_roll().count()
    if members:
        raise Refused(f"名册上还有 {members} 名党员，请先转走或编入别的党小组。")
    if organisation.covered_units.current().exists():
        raise Refused("还有兜底管理的单位，请先交给别的党组织。")
    _end(organisation, day, by, reason)
    _note(organisation, K.DISSOLVED, day, document, f"撤销{organisation.name}。{reason.strip()}", by)
    return organisation


def _check_nothing_under_way(organisation: Organisation) -> None:
    """Raise Refused for what nobody could finish once the organisation has ended."""
    if (
        Transfer.objects.ongoing().filter(origin=organisation).exists()
        or Transfer.objects.ongoing().filter(target=organisation).exists()
    ):
        raise Refused("还有没办完的组织关系转接，请先办完或撤回。")
    if organisation.secretaryprojects.ongoing().exists():
        raise Refused("还有没办完的书记项目，请先验收或撤销。")
    if Election.objects.ongoing().filter(organisation=organisation).exists():
        raise Refused("正在换届，请先办完或撤回。")
    if Disclosure.objects.ongoing().filter(organisation=organisation).exists():
        raise Refused("还有没走完程序的党务公开，请先办完或撤回。")
    if JointCommittee.objects.in_force().filter(organisation=organisation).exists():
        raise Refused("它的大工委（大党委）还在，请先撤销。")


def _end(
    organisation: Organisation, day: date, by: User, reason: str, into: Organisation | None = None
) -> None:
    check_past(day, "day", since=organisation.established_on, what="成立日期")
    organisation.ended_on, organisation.merged_into = day, into
    _save(organisation, update_fields=["ended_on", "merged_into"])
    Unit.objects.filter(pk=organisation.unit_id).update(is_active=False)
    for officer in organisation.officers.in_office():
        officer.until = max(day, officer.since)
        officer.save(update_fields=["until"])
    take_posts_back(organisation, by=by, reason=reason)
    cancel_planned(organisation)


@transaction.atomic
def keep(organisation: Organisation, *, by: User) -> Organisation:
    """Save what an organisation says of itself (address, phone, theme day, door, form), and its term, which is the superior's to set.
    Raises NotYours or ValidationError."""
    if not (by.may("keep", organisation) or by.may("change", organisation)):
        raise NotYours
    before = Organisation.objects.values("term_from", "term_until").get(pk=organisation.pk)
    shifted = any(getattr(organisation, name) != day for name, day in before.items())
    if shifted and not organisation.is_decided_by(by):
        raise NotYours
    if organisation.ended_on is not None:
        raise Refused("这个党组织已经撤销。")
    organisation.clean_fields(exclude=["units"])
    _save(organisation)
    return organisation


def _locked(*several: Organisation) -> Any:
    """Return organisations as the database has them, locked in the order of their keys."""
    rows = Organisation.objects.select_related("parent", "grid").select_for_update(of=("self",))
    found = {row.pk: row for row in rows.filter(pk__in=[each.pk for each in several]).order_by("pk")}
    return found[several[0].pk] if len(several) == 1 else tuple(found[each.pk] for each in several)


def head_of(organisation: Organisation, on: date | None = None) -> Officer | None:
    """Return who leads an organisation on a day (today when None)."""
    duty = HEAD[PartyOrgType(organisation.kind)]
    return organisation.officers.in_office(on).filter(duty=duty).select_related("member").first()
