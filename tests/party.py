"""A small party organisation for tests: a street's committee, a community's, two branches that share a grid, a group."""

import itertools
from datetime import date, timedelta

from django.utils import timezone

from governance.models import User
from parties.flow import DISCLOSURES, ELECTIONS, MEETINGS, WISHES
from parties.models import (
    CoveredUnit,
    Disclosure,
    DualRegistration,
    Election,
    HubHousehold,
    Meeting,
    Member,
    MicroWish,
    Officer,
    Organisation,
    Pairing,
    PartyOrgType,
    SecretaryProject,
)
from parties.seating import seat
from parties.services.coverage import keep_covered, keep_hub
from parties.services.disclosures import draft_disclosure
from parties.services.elections import open_election
from parties.services.meetings import plan_meeting
from parties.services.members import keep_member
from parties.services.organisations import set_up
from parties.services.projects import propose
from parties.services.serving import keep_pairing, register
from parties.services.wishes import place_wish
from tests import factories
from volunteers.models import ServiceItem

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


# --- serving --------------------------------------------------------------------------------------------------------------
def make_account(branch: Organisation | None = None, *, by: User | None = None, **fields) -> User:
    """Make a member with an account that signs in by phone, which has her post where her organisation stands."""
    user = fields.pop("user", None) or factories.make_user(fields.pop("name", ""))
    make_member(branch or make_branch(), by=by, name=user.name, phone=user.phone, user=user, **fields)
    return User.objects.get(pk=user.pk)


def make_wish(code: str = factories.BASE, *, by: User | None = None, **fields) -> MicroWish:
    """Make a wish as a resident."""
    resident = by or factories.make_user()
    wish, _ = place_wish(
        by=resident,
        source_id=f"w{next(_serial)}",
        grid=factories.make_grid(code),
        **{
            "title": "想请人教我用手机挂号",
            "description": "眼睛不好，最好是上午来。",
            "address": "301 室",
            "applicant": resident,
            "applicant_name": resident.name,
            "applicant_phone": resident.phone,
            **fields,
        },
    )
    return wish


def publish(
    wish: MicroWish, *, by: User | None = None, item: ServiceItem | None = None, **words
) -> MicroWish:
    """Publish a wish as the community's secretary."""
    item = item or ServiceItem.objects.first() or factories.make_item()
    return WISHES.run(
        wish, "publish", by=by or factories.make_staff("community_secretary", wish.grid_id[:12]),
        **{"title": wish.title, "summary": "老人想学用手机挂号，上午方便。", "service": f"order:{item.code}", **words},
    )  # fmt: skip


def make_checkin(user: User, code: str = factories.BASE, **fields) -> DualRegistration:
    """Register a member in service where she lives."""
    return register(
        by=user, grid=factories.make_grid(code), phone=fields.pop("phone", user.phone),
        **{"kind": "member", "name": user.name, "employer": "区图书馆", "affiliation": "图书馆党支部", **fields},
    )  # fmt: skip


def make_pairing(code: str = factories.COMMUNITY, *, by: User | None = None, **fields) -> Pairing:
    """Pair a unit with a community."""
    today = timezone.localdate()
    return keep_pairing(
        Pairing(
            **{
                "grid": factories.make_grid(code), "name": f"第{next(_serial)}小学", "contact_name": "钱老师",
                "contact_phone": "13800005678", "since": today - timedelta(days=30), "until": today + timedelta(days=300),
                **fields,
            }
        ),
        by=by or factories.make_staff("community_secretary", code[:12]),
    )  # fmt: skip


def make_project(organisation: Organisation, *, by: User, **fields) -> SecretaryProject:
    """Propose a secretary's project in two steps."""
    today = timezone.localdate()
    return propose(
        by=by, organisation=organisation,
        **{
            "title": "楼道充电治理", "description": "三个月内电动车不进楼。", "year": today.year,
            "until": today + timedelta(days=90),
            "steps": [(today + timedelta(days=10), "入户了解"), (today + timedelta(days=40), "装充电棚")],
            **fields,
        },
    )  # fmt: skip


def make_hub(member: Member, *, by: User | None = None) -> HubHousehold:
    """Make a member's home a hub household."""
    return keep_hub(
        HubHousehold(organisation=member.organisation, member=member, household_count=12),
        by=by or factories.make_staff("community_secretary", member.grid_id[:12]),
    )


def make_covered(branch: Organisation, *, by: User | None = None, **fields) -> CoveredUnit:
    """Make a shop that a branch looks after."""
    number = next(_serial)
    covered = CoveredUnit(
        **{"grid": branch.grid, "name": f"便民超市{number}", "kind": "shop", "organisation": branch, **fields}
    )
    return keep_covered(covered, by=by or make_officer())


def make_leader(group: Organisation, **fields) -> User:
    """Make a group's leader, with an account and the post that the duty gives."""
    user = factories.make_user(fields.pop("name", ""), staff=True)
    member = make_member(group.parent, group=group, name=user.name, user=user, **fields)
    seat(
        by=User.objects.system(), organisation=group, member=member, duty=Officer.Duty.LEADER,
        since=timezone.localdate() - timedelta(days=90),
    )  # fmt: skip
    return User.objects.get(pk=user.pk)


def make_council(branch: Organisation, number: int = 2) -> list[Member]:
    """Give a branch that has a secretary so many further members of its committee."""
    members = [make_member(branch) for _ in range(number)]
    for member, duty in zip(members, (Officer.Duty.ORGANISATION, Officer.Duty.PUBLICITY), strict=False):
        seat(
            by=User.objects.system(), organisation=branch, member=member, duty=duty,
            since=timezone.localdate() - timedelta(days=90),
        )  # fmt: skip
    return members


def make_meeting(
    organisation: Organisation, *, by: User, kinds=("theme_day",), days: int = 1, **fields
) -> Meeting:
    """Plan a meeting so many days from now, or enter one of a day that is past."""
    return plan_meeting(
        by=by, organisation=organisation, kinds=kinds,
        starts_at=fields.pop("starts_at", timezone.now() + timedelta(days=days)), **fields,
    )  # fmt: skip


def hold(meeting: Meeting, *, by: User, **given) -> Meeting:
    """Record a meeting; everyone came unless something else is given."""
    return MEETINGS.run(meeting.pk, "record", by=by, **{"minutes": "学习讨论，形成一致意见。", **given})


def make_disclosure(organisation: Organisation, *, by: User, **fields) -> Disclosure:
    """Draft a disclosure."""
    return draft_disclosure(
        by=by, organisation=organisation, title=fields.pop("title", f"第{next(_serial)}件公开"),
        category=fields.pop("category", "goals"), scope=fields.pop("scope", "society"),
        body=fields.pop("body", "全年收缴党费 1200 元。\n用于主题党日。"), **fields,
    )  # fmt: skip


#: What a review is asked for, all answered with yes.
ANSWERS = {"necessary": True, "accurate": True, "no_secret": True}


def disclose(disclosure: Disclosure, *, by: User, until: str = "publish", **fields) -> Disclosure:
    """Take a draft the way to ``until``, reviewed and approved by two party officers of the district made on the way."""
    for name, person, data in (
        ("propose", by, {}),
        ("review", make_officer(), {"note": "属实", **ANSWERS}),
        ("approve", make_officer(), {"note": "同意"}),
        ("publish", by, fields),
    ):
        disclosure = DISCLOSURES.run(disclosure, name, by=User.objects.get(pk=person.pk), **data)
        if name == until:
            break
    return disclosure


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


def ballot(election: Election, by: User, votes: list[int], *, name: str = "hold", **numbers) -> Election:
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
