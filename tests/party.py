"""A small party organisation for tests: a street's committee, a community's, two branches that share a grid, a group."""

import itertools
from datetime import date, timedelta

from django.utils import timezone

from governance.models import User
from parties.flow import ELECTIONS
from parties.models import CoveredUnit, Election, HubHousehold, Member, Officer, Organisation, PartyOrgType
from parties.seating import seat
from parties.services.coverage import keep_covered, keep_hub
from parties.services.elections import open_election
from parties.services.members import keep_member
from parties.services.organisations import set_up
from tests import factories

T = PartyOrgType
_serial = itertools.count(1)


def make_officer(code: str = factories.DISTRICT) -> User:
    """Make a party officer of the district or a street."""
    return factories.make_staff("party_officer", code)


def make_committee(code: str = factories.COMMUNITY, *, by: User | None = None) -> Organisation:
    """Make a community's committee, and the street's above it where there is none."""
    officer = by or make_officer()
    street = code[:9]
    top = Organisation.objects.filter(grid=street, kind=T.STREET_COMMITTEE).first()
    day = timezone.localdate() - timedelta(days=400)
    if top is None:
        top = set_up(
            by=officer, parent=None, grid=factories.make_grid(street), name=f"街道党工委{street}",
            kind=T.STREET_COMMITTEE, established_on=day,
        )  # fmt: skip
    return set_up(
        by=officer, parent=top, grid=factories.make_grid(code), name=f"社区党委{code}", kind=T.COMMITTEE,
        established_on=day,
    )  # fmt: skip


def make_branch(
    code: str = factories.BASE, *, parent: Organisation | None = None, by: User | None = None, **fields
) -> Organisation:
    """Make a branch in a grid, below the community's committee."""
    officer = by or make_officer()
    parent = parent or Organisation.objects.filter(grid=code[:12], kind=T.COMMITTEE).first()
    parent = parent or make_committee(code[:12], by=officer)
    return set_up(
        by=officer, parent=parent, grid=factories.make_grid(code),
        name=fields.pop("name", f"第{next(_serial)}党支部"), kind=T.BRANCH, form=fields.pop("form", "grid"),
        established_on=timezone.localdate() - timedelta(days=300), **fields,
    )  # fmt: skip


def make_group(branch: Organisation, *, by: User | None = None) -> Organisation:
    """Make a group in a branch."""
    return set_up(
        by=by or make_officer(), parent=branch, grid=branch.grid, name=f"第{next(_serial)}党小组", kind=T.GROUP,
        established_on=timezone.localdate(),
    )  # fmt: skip


def make_member(
    organisation: Organisation, *, by: User | None = None, group: Organisation | None = None, **fields
) -> Member:
    """Put a member on an organisation's roll."""
    number = next(_serial)
    member = Member(
        organisation=organisation,
        group=group,
        name=fields.pop("name", f"党员{number}"),
        phone=fields.pop("phone", f"1991{number:07d}"),
        joined_on=fields.pop("joined_on", date(2001, 7, 1)),
        since=fields.pop("since", timezone.localdate() - timedelta(days=200)),
        **fields,
    )
    return keep_member(member, by=by or make_officer())


def make_secretary(branch: Organisation, **fields) -> User:
    """Make a branch's secretary, with an account and the post that the duty gives."""
    user = factories.make_user(fields.pop("name", ""), staff=True)
    member = make_member(branch, name=user.name, user=user, **fields)
    seat(
        by=User.objects.system(), organisation=branch, member=member, duty=Officer.Duty.SECRETARY,
        since=timezone.localdate() - timedelta(days=100),
    )  # fmt: skip
    return User.objects.get(pk=user.pk)


def make_hub(member: Member, *, by: User | None = None) -> HubHousehold:
    """Make a member's home a hub household."""
    return keep_hub(
        HubHousehold(organisation=member.organisation, member=member, household_count=12),
        by=by or make_officer(),
    )


def make_covered(branch: Organisation, *, by: User | None = None, **fields) -> CoveredUnit:
    """Make a shop that a branch looks after."""
    number = next(_serial)
    covered = CoveredUnit(
        **{"grid": branch.grid, "name": f"便民超市{number}", "kind": "shop", "organisation": branch, **fields}
    )
    return keep_covered(covered, by=by or make_officer())


def make_election(organisation: Organisation, *, by: User, **fields) -> Election:
    """Open an organisation's election, by default of a secretary without a committee."""
    given = {"planned_on": timezone.localdate(), "has_committee": False, "deputies": 0, **fields}
    return open_election(by=by, organisation=organisation, **given)


def take(election: Election, name: str, by: User, **data) -> Election:
    """Carry out one action of an election."""
    return ELECTIONS.run(election.pk, name, by=User.objects.get(pk=by.pk), **data)


def make_ready(
    election: Election, *, own: User, superior: User, members: list[Member], duty: str = ""
) -> Election:
    """Bring an election to the day of the meeting, with these members as candidates."""
    take(election, "request", own, note="拟按期换届")
    take(election, "approve_request", superior, document="和党发〔2026〕8 号")
    for member in members:
        take(
            election,
            "nominate",
            own,
            member=member,
            duty=duty or next(iter(election.contests)),
            note="办事公道",
        )
    take(election, "propose", own, explanation="党员少，人选难找")
    return take(election, "approve_candidates", superior)


def hold(election: Election, by: User, votes: list[int], *, name: str = "hold", **numbers) -> Election:
    """Write down a ballot; ``votes`` in the order of those not yet elected. By default everybody came and every paper counts."""
    everybody = numbers.pop("everybody", 5)
    rows = election.candidates.filter(elected=False).order_by("pk")
    given = {
        "held_on": timezone.localdate(),
        **dict.fromkeys(("attended", "given", "returned", "valid"), everybody),
        **numbers,
    }
    got = {row.pk: number for row, number in zip(rows, votes, strict=True)}
    return take(election, name, by, votes=got, **given)
