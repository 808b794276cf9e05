"""The demo's party members: a roll for each branch, who leads it, hub households, and transfers on their way. Everyone is made up."""

import random
from datetime import date, timedelta

from django.utils import timezone

from demo.people import COMMUNITY, GRID, STREET
from demo.world import Calendar, Story, World, in_office
from governance.appointments import appoint
from governance.models import User
from governance.territory import GridLevel
from parties.flow import TRANSFERS
from parties.member_posts import settle_posts
from parties.models import BranchForm, HubHousehold, Member, Officer, Organisation, PartyOrgType
from parties.services.members import ask_transfer

T, D = PartyOrgType, Officer.Duty
BATCH = 1000
#: Of the members of a committee, so many in a hundred are in the residents' committee too: what the district reports.
CROSS = 77
SEATS = (D.SECRETARY, D.DEPUTY, D.ORGANISATION, D.PUBLICITY, D.DISCIPLINE)
EMPLOYERS = ("", "", "", "区属学校", "区属医院", "市政公司", "区机关")


def load_party_members(world: World) -> None:
    """Fill the rolls and seat those who lead. The organisations stand; accounts and posts of the staff do too."""
    chance = world.chance("party members")
    members: list[Member] = []
    seats: list[tuple[Organisation, Member, str, str]] = []
    for code, rows in world.party.items():
        for row in rows:
            if row.kind == T.COMMITTEE:
                seats += _committee(world, chance, row, members)
            elif row.kind == T.BRANCH:
                groups = [each for each in world.party[code] if each.parent_id == row.pk]
                seats += _branch(world, chance, row, groups, members)
    for member in members:
        member.stand()
    Member.objects.bulk_create(members, batch_size=BATCH)
    officers = [
        Officer(
            organisation=row, member=member, duty=duty, committee_duty=besides, grid=row.grid, units=row.units,
            since=max(row.term_from or world.day(-500), world.day(-1200), row.established_on),
        )
        for row, member, duty, besides in seats
    ]  # fmt: skip
    Officer.objects.bulk_create(officers, batch_size=BATCH)
    _give_posts(world, officers)
    settle_posts(world.people["helper"], by=world.people["security"], reason="党员账号")
    _open_hubs(world, chance, members)


def _member(
    world: World, chance: random.Random, row: Organisation, *, leads: bool = False, **fields
) -> Member:
    """Return a member of a roll; whoever leads is none of the eldest."""
    old = chance.random() < 0.55 and not leads
    joined = date(chance.randrange(1968, 2000) if old else chance.randrange(2001, 2024), 7, 1)
    return Member(
        **{
            "organisation": row,
            "name": world.names.name(old=old),
            # The made-up numbers would not do for everyone.
            "phone": world.names.phone()
            if row.grid_id.startswith(COMMUNITY) and chance.random() < 0.7
            else "",
            "joined_on": joined,
            "full_on": joined.replace(year=joined.year + 1),
            "since": world.day(-chance.randrange(100, 1500)),
            "employer": "" if old else chance.choice(EMPLOYERS),
            "mobility": "out" if chance.random() < 0.02 else "",
            **fields,
        }
    )


def _committee(
    world: World, chance: random.Random, row: Organisation, members: list[Member]
) -> list[tuple[Organisation, Member, str, str]]:
    """Return the seats of a community's committee: its secretary directs the residents' committee too."""
    secretaries = world.staff["community_secretary", row.grid_id]
    found = []
    for duty in SEATS:
        member = _member(world, chance, row, leads=True, employer="社区居委会")
        besides = "member" if chance.randrange(100) < CROSS else ""
        if duty == D.SECRETARY:
            besides = "director"
            if secretaries:
                member.user, member.name = secretaries[0], secretaries[0].name
        members.append(member)
        found.append((row, member, duty, besides))
    return found


def _branch(
    world: World,
    chance: random.Random,
    row: Organisation,
    groups: list[Organisation],
    members: list[Member],
) -> list[tuple[Organisation, Member, str, str]]:
    """Return the seats of a branch and of its groups, and put its members on the roll."""
    mine = row.grid_id == GRID and row.form == BranchForm.GRID
    size = 19 if mine else chance.choice((4, 5, 6, 7, 7, 8, 9, 11, 14))
    if chance.random() < 0.01:
        size = 2
    roll = []
    for serial in range(size):
        group = groups[serial % len(groups)] if groups and serial else None
        member = _member(world, chance, row, group=group, leads=serial < 4)
        if serial > 3 and chance.random() < 0.02:
            member.stage, member.full_on, member.joined_on = (
                Member.Stage.PROBATIONARY,
                None,
                world.day(-chance.randrange(60, 300)),
            )
            member.since = member.joined_on
        roll.append(member)
    if mine:
        roll[0].user, roll[0].name = world.people["branch"], world.people["branch"].name
        roll[1].user, roll[1].name, roll[1].phone = (
            world.people["helper"],
            world.people["helper"].name,
            world.people["helper"].phone,
        )
        roll[1].group = None
    members += roll
    if not mine and chance.random() < 0.02:
        return []  # nobody leads it for now
    found = [(row, roll[0], D.SECRETARY, "")]
    if size >= 7:
        # One of the few that lack a committee is left for the hints to find.
        council = (D.ORGANISATION, D.PUBLICITY) if chance.random() < 0.95 else ()
        found += [(row, member, duty, "") for member, duty in zip(roll[2:4], council, strict=False)]
    for group in groups:
        inside = [member for member in roll if member.group is group and member.full_on]
        if inside:
            found.append((group, inside[-1], D.LEADER, ""))
    return found


def _give_posts(world: World, officers: list[Officer]) -> None:
    """Give the secretaries of the demo street's branches accounts and posts, as a street does when it begins with the portal."""
    security, serial = world.people["security"], 0
    for officer in officers:
        row = officer.organisation
        if officer.duty != D.SECRETARY or row.kind != T.BRANCH or not row.grid_id.startswith(STREET):
            continue
        member = officer.member
        if member.user_id is None:
            serial += 1
            member.user = User.objects.create(
                username=f"d{serial:04d}", name=member.name, phone=member.phone or world.names.phone(),
                phone_verified=True, is_staff=True, password="!",  # noqa: S106
            )  # fmt: skip
            member.save(update_fields=["user"])
        officer.post = appoint(
            member.user, "party_branch_secretary", row.grid_id, by=security, unit=row.unit, since=officer.since,
            note=f"{row.name}书记",
        )  # fmt: skip
        officer.save(update_fields=["post"])
        world.staff["party_branch_secretary", row.grid_id].append(member.user)


def _open_hubs(world: World, chance: random.Random, members: list[Member]) -> None:
    hubs = []
    for member in members:
        if member.group_id and chance.random() < 0.08:
            doors = world.doors[member.grid_id]
            hubs.append(
                HubHousehold(
                    organisation=member.organisation, member=member, grid=member.organisation.grid,
                    units=member.organisation.units, entrance=member.group.entrance or (doors[0] if doors else None),
                    household_count=chance.choice((8, 10, 12, 15)), since=world.day(-chance.randrange(30, 700)),
                )
            )  # fmt: skip
    HubHousehold.objects.bulk_create(hubs, batch_size=BATCH)


def plan_transfers(world: World, calendar: Calendar) -> None:
    """Put a dozen transfers into the calendar: most done, one refused, three waiting for an answer, one of them for the demo's branch."""
    chance = world.chance("transfers")
    branches = [
        row
        for code, rows in world.party.items()
        for row in rows
        if row.kind == T.BRANCH
        and world.staff["party_branch_secretary", code]
        and len(code) == GridLevel.BASE
    ]
    mine = next(row for row in branches if row.grid_id == GRID and row.form == BranchForm.GRID)
    others = [row for row in branches if row.pk != mine.pk and row.grid_id != GRID]
    for serial in range(12):
        origin, target = chance.sample(others, 2)
        if serial in (0, 1):
            target = mine  # one has come already, one waits for her answer
        elif serial == 2:
            origin = mine
        back = {0: 40, 1: 2, 2: 3, 3: 1}.get(serial, 10 + chance.randrange(90))
        begun = in_office(world.at(world.day(-back), 9, 5 + serial))
        calendar.begin(
            begun, _transfer(world, origin, target, answered=serial not in (1, 2, 3), refused=serial == 4)
        )


def _secretary(row: Organisation) -> User | None:
    head = row.officers.filter(duty=D.SECRETARY).select_related("member__user").first()
    return head.member.user if head is not None else None


def _transfer(
    world: World, origin: Organisation, target: Organisation, *, answered: bool, refused: bool
) -> Story:
    leaves, takes = _secretary(origin), _secretary(target)
    held = origin.officers.values("member")
    going = origin.members.on_roll().filter(group__isnull=False, duties=None).exclude(pk__in=held)
    member = going.exclude(transfers__status="asked").order_by("-pk").first()
    if member is None or leaves is None or takes is None:
        return
    transfer = ask_transfer(by=leaves, member=member, target=target, note="已搬到那边居住。")
    if not answered:
        return
    yield in_office(timezone.now() + timedelta(days=3))
    if refused:
        TRANSFERS.run(transfer.pk, "refuse", by=takes, note="本人说年底才搬，到时再转。")
    else:
        TRANSFERS.run(transfer.pk, "accept", by=takes)
