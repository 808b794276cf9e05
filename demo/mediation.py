"""The demo's mediation: a centre in every community, every street and the district, their committees, mediators, rooms and
rosters. All people are made up; a few committees lack what the law asks of them, so that the hints have something to say."""

import random
from datetime import timedelta

from simple_history.utils import bulk_create_with_history

from demo.people import COMMUNITY, DISTRICT, NEIGHBOUR, STREET
from demo.territory import MADE_UP, short
from demo.world import World
from governance.models import User
from governance.territory import GridLevel
from mediation.composition import YEARS, years_later
from mediation.models import Category as C
from mediation.models import Centre, Committee, DutyShift, Mediator, Member, Relation, Room, Weekday
from mediation.services.centres import BEGINS, ENDS, usual_shifts

BATCH = 1000
HOURS = {
    GridLevel.DISTRICT: "周一至周五 8:30–12:00，14:00–18:00",
    GridLevel.STREET: "周一至周日 8:30–17:30",
    GridLevel.COMMUNITY: "周一至周五 8:30–12:00，14:00–18:00",
}
#: 1+8+N: one hall, eight rooms for what people quarrel about most, and workshops of single mediators.
ROOMS = (
    ("综合接待厅", ()),
    ("婚姻家庭调解室", (C.FAMILY,)), ("邻里纠纷调解室", (C.NEIGHBOURS,)), ("物业纠纷调解室", (C.PROPERTY, C.HOUSING)),
    ("劳动争议调解室", (C.LABOUR,)), ("消费纠纷调解室", (C.CONSUMER, C.INTERNET)), ("医疗纠纷调解室", (C.MEDICAL,)),
    ("交通事故调解室", (C.TRAFFIC,)), ("损害赔偿调解室", (C.DAMAGES, C.CONTRACT)),
    ("玉兰调解工作室", (C.FAMILY, C.NEIGHBOURS)), ("老兵调解工作室", (C.NEIGHBOURS, C.DAMAGES)), ("律师调解工作室", (C.CONTRACT, C.LABOUR)),
)  # fmt: skip
STREET_ROOMS = (
    ("接待厅", ()),
    ("第一调解室", (C.PROPERTY, C.CONTRACT)),
    ("第二调解室", (C.FAMILY, C.NEIGHBOURS)),
    ("巡回法庭", ()),
)
DISTRICT_ROOMS = (
    ("接待大厅", ()),
    ("医疗纠纷调解室", (C.MEDICAL,)),
    ("物业纠纷调解室", (C.PROPERTY,)),
    ("速裁法庭", ()),
)
#: Who sits in at the district's centre and at the first community's: body, business, weekdays.
WORKDAYS = tuple(Weekday)[:5]
DISTRICT_ROSTER = (
    ("区人民法院", "诉前调解、速裁、司法确认", WORKDAYS),
    ("区司法局", "人民调解、法律援助、公证", WORKDAYS),
    ("区信访办", "信访接待", WORKDAYS),
    ("区总工会", "劳动争议调解", (Weekday.TUESDAY, Weekday.THURSDAY)),
)
COMMUNITY_ROSTER = (
    ("社区民警", "治安纠纷、邻里报警的调解", (Weekday.WEDNESDAY,)),
    ("社区法律顾问", "法律咨询", (Weekday.MONDAY, Weekday.THURSDAY)),
)
#: The district's own committees are of trades.
TRADES = (("医疗纠纷", (C.MEDICAL,)), ("物业纠纷", (C.PROPERTY, C.HOUSING)))
USUAL = (C.FAMILY, C.NEIGHBOURS, C.PROPERTY, C.HOUSING, C.DAMAGES, C.CONTRACT, C.CONSUMER, C.LABOUR)
LANGUAGES = ("", "", "", "天津话", "天津话", "手语", "英语")
#: One committee in so many lacks something; the term of the first of them is over.
LACKING = 12


def load_mediation(world: World) -> None:
    """Make centres at all three levels, rooms, rosters, committees and mediators."""
    chance = world.chance("mediation")
    world.centres = centres = _found_centres(world)
    rooms, shifts = [], []
    for code, centre in centres.items():
        rooms += [Room(centre=centre, name=name, categories=list(kinds)) for name, kinds in _rooms(code)]
        shifts += _shifts(code, centre)
    Room.objects.bulk_create(rooms, batch_size=BATCH)
    DutyShift.objects.bulk_create(shifts, batch_size=BATCH)
    lacking = [code for code in list(centres)[LACKING::LACKING] if code not in (COMMUNITY, NEIGHBOUR, STREET)]
    committees = _found_committees(world, chance, centres, over=lacking[0])
    _seat_members(world, chance, committees, lacking)
    _register_mediators(world, chance, committees)


def _found_centres(world: World) -> dict[str, Centre]:
    centres, taken = {}, set()
    upper = [grid for code, grid in world.grids.items() if len(code) < GridLevel.BASE]
    for grid in sorted(upper, key=lambda grid: (len(grid.code), grid.code)):
        level, place = grid.grid_level, short(grid.name).removesuffix("区")
        if level is GridLevel.COMMUNITY:
            name, address = f"{place}社区矛调中心", f"{place}社区党群服务中心"
            place = place if place not in taken else f"{short(world.grids[grid.code[:9]].name)}{place}"
        else:
            hall = "政务服务中心" if level is GridLevel.DISTRICT else "便民服务中心"
            name, address = f"{grid.name}矛调中心", f"{grid.name}{hall}一楼"
        taken.add(place)
        centres[grid.code] = Centre(
            grid=grid, name=name, short_name=place, address=address, phone=grid.phone, hours=HOURS[level]
        )
    bulk_create_with_history(list(centres.values()), Centre, batch_size=BATCH, default_change_reason=MADE_UP)
    # Asked for again: the database has given them their keys.
    return {centre.grid_id: centre for centre in Centre.objects.select_related("grid").order_by("pk")}


def _rooms(code: str) -> tuple:
    if code == COMMUNITY:
        return ROOMS
    if len(code) == GridLevel.COMMUNITY:
        return (("调解室", ()),)
    return STREET_ROOMS if len(code) == GridLevel.STREET else DISTRICT_ROOMS


def _shifts(code: str, centre: Centre) -> list[DutyShift]:
    if len(code) == GridLevel.STREET:
        return usual_shifts(centre)
    rows = {DISTRICT: DISTRICT_ROSTER, COMMUNITY: COMMUNITY_ROSTER}.get(code, ())
    return [
        DutyShift(centre=centre, weekday=day, body=body, business=business, begins=BEGINS, ends=ENDS)
        for body, business, days in rows
        for day in days
    ]


def _found_committees(
    world: World, chance: random.Random, centres: dict[str, Centre], *, over: str
) -> dict[str, list[Committee]]:
    """Return the committees by place. Each was reported to the court soon after its term began."""
    made: dict[str, list[Committee]] = {}
    for code, centre in centres.items():
        grid = world.grids[code]
        if code == DISTRICT:
            kinds = [(f"{grid.name}{trade}人民调解委员会", Committee.Kind.TRADE) for trade, _ in TRADES]
        elif len(code) == GridLevel.STREET:
            kinds = [(f"{grid.name}人民调解委员会", Committee.Kind.STREET)]
        else:
            kinds = [(f"{short(grid.name)}社区人民调解委员会", Committee.Kind.COMMUNITY)]
        for name, kind in kinds:
            since = world.day(-1050 + chance.randrange(900))
            if code in (NEIGHBOUR, over):
                since = world.day(-1065 if code == NEIGHBOUR else -1110)  # nearly over, and over
            elif code in (COMMUNITY, STREET):
                since = world.day(-500)
            made.setdefault(code, []).append(
                Committee(
                    grid=grid, name=name, kind=kind, centre=centre, term_from=since,
                    term_until=years_later(since, YEARS) - timedelta(days=1), notified_on=since + timedelta(days=10),
                )
            )  # fmt: skip
    committees = [committee for several in made.values() for committee in several]
    for committee in committees:
        committee._history_date = world.at(committee.term_from, 10)
    bulk_create_with_history(committees, Committee, batch_size=BATCH, default_change_reason=MADE_UP)
    return made


def _seat_members(
    world: World, chance: random.Random, committees: dict[str, list[Committee]], lacking: list[str]
) -> None:
    members = []
    for code, several in committees.items():
        lacks = code in lacking
        for committee in several:
            size = 2 if lacks else chance.choice((3, 5, 5, 7))
            for place in range(size):
                duty = Member.Duty.DIRECTOR if place == 0 else Member.Duty.MEMBER
                if place == 1 and size >= 5:
                    duty = Member.Duty.DEPUTY
                woman = not lacks and (place == 1 or chance.random() < 0.4)
                name = world.names.name(woman=woman)
                if code == COMMUNITY and place < 2:
                    name, woman = world.people["mediator" if place else "director"].name, place == 1
                member = Member(
                    committee=committee,
                    name=name,
                    duty=duty,
                    is_woman=woman,
                    is_minority=chance.random() < 0.05,
                )
                member._history_date = world.at(committee.term_from, 10)
                members.append(member)
    # Somebody joined the first community's committee two weeks ago, and the court is still to be told.
    newcomer = Member(committee=committees[COMMUNITY][0], name=world.names.name(woman=True), is_woman=True)
    newcomer._history_date = world.at(world.day(-14), 10)
    bulk_create_with_history([*members, newcomer], Member, batch_size=BATCH, default_change_reason=MADE_UP)


def _register_mediators(world: World, chance: random.Random, committees: dict[str, list[Committee]]) -> None:
    """Enter those who hold a mediator's post, and the directors of communities, who mediate themselves."""
    rows = []
    for code, several in committees.items():
        people = [
            *world.staff["mediator", code],
            *(world.staff["mediation_director", code] if len(code) == GridLevel.COMMUNITY else ()),
        ]
        for number, user in enumerate(people):
            place = number % len(several)
            known = TRADES[place][1] if code == DISTRICT else chance.sample(USUAL, 3)
            if user == world.people["mediator"]:
                known = (C.FAMILY, C.NEIGHBOURS, C.PROPERTY)
            rows.append(_mediator(world, chance, several[place], user, list(known), leads=number == 0))
    bulk_create_with_history(rows, Mediator, batch_size=BATCH, default_change_reason=MADE_UP)
    # Asked for again, for their keys; the accounts are those that the stories know already.
    accounts = {row.user_id: row.user for row in rows}
    for row in Mediator.objects.order_by("pk"):
        row.user = accounts[row.user_id]
        world.mediators[row.grid_id].append(row)
    hers = next(row for row in world.mediators[COMMUNITY] if row.user == world.people["mediator"])
    Relation.objects.bulk_create(
        [
            Relation(
                mediator=hers, kind=Relation.Kind.KIN, name=world.names.name(), phone=world.names.phone()
            ),
            Relation(mediator=hers, kind=Relation.Kind.INTEREST, name=world.names.name()),
        ]
    )


def _mediator(
    world: World, chance: random.Random, committee: Committee, user: User, known: list[str], *, leads: bool
) -> Mediator:
    since = max(committee.term_from, world.day(-430))
    until = committee.term_until if committee.term_until >= world.day(0) else None
    row = Mediator(
        user=user, grid=committee.grid, committee=committee, specialities=known, languages=chance.choice(LANGUAGES),
        is_full_time=leads, is_invited=chance.random() < 0.2, since=since, until=until, phone=committee.grid.phone,
    )  # fmt: skip
    # Entered before the court was told, however late the post began.
    row._history_date = world.at(min(since, committee.notified_on), 9)
    return row
