"""What the processes of benchmarks/sweeping.py do: build a street, start, count, answer."""

import threading

from django.db import connection, connections, transaction
from django.utils import timezone

from benchmarks import timing
from governance.appointments import appoint
from governance.models import User
from grids.flow import SWEEPS, share
from grids.models import Building, Entrance, Grid, Household, Sweep, SweepTarget
from grids.reports.sweeps import coverage
from grids.services import sweeps as services

STREET, COMMUNITIES, GRIDS = "120106001", 10, 11
QUESTIONS = [
    {"label": "楼道有没有堆物", "kind": "yes_no", "required": True, "finding": ["是"]},
    {"label": "几个人在家", "kind": "number", "unit": "人"},
    {"label": "还有什么情况", "kind": "text"},
]
COLUMNS = "sweep_id, household_id, grid_id, place, name, position"
#: What somebody who knows the tables writes to make the list.
LAID_OUT = f"""INSERT INTO grids_sweeptarget ({COLUMNS})
SELECT %s, h.id, h.grid_id, b.compound || b.name || e.name, h.room, row_number() OVER (PARTITION BY h.grid_id
  ORDER BY b.compound, length(b.name), b.name, length(e.name), e.name, length(h.room), h.room, h.id)
FROM grids_household h JOIN grids_entrance e ON e.id = h.entrance_id JOIN grids_building b ON b.id = e.building_id
WHERE h.street_code = %s AND h.closed_on IS NULL"""
#: The same rows without an order: the least that the table and its indexes cost.
BARE = f"""INSERT INTO grids_sweeptarget ({COLUMNS})
SELECT %s, h.id, h.grid_id, '', h.room, 0 FROM grids_household h WHERE h.street_code = %s AND h.closed_on IS NULL"""
COUNTED = """SELECT grid_id, count(*), count(*) FILTER (WHERE outcome = 'done'), count(*) FILTER (WHERE outcome = 'absent'),
  count(*) FILTER (WHERE outcome = 'exempt'), count(*) FILTER (WHERE is_finding) FROM grids_sweeptarget
WHERE sweep_id = %s GROUP BY grid_id"""


def build(households: int) -> None:
    """Build one street: ten communities, 110 base grids, households behind doors of six floors, who works there."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    with transaction.atomic():
        _fill(households)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _fill(households: int) -> None:
    Grid.objects.create(code=STREET[:6], name="区")
    Grid.objects.create(code=STREET, name="街道", parent_id=STREET[:6])
    bases = []
    for community in range(1, COMMUNITIES + 1):
        code = f"{STREET}{community:03d}"
        Grid.objects.create(code=code, name=f"社区{community}", parent_id=STREET)
        for base in range(1, GRIDS + 1):
            bases.append(f"{code}{base:03d}")
            Grid.objects.create(code=bases[-1], name=f"网格{base}", parent_id=code)
    each = households // len(bases)
    for base in bases:
        for number in range(0, each, 48):
            building = Building.objects.create(
                grid_id=base, compound="和苑里", name=f"{number // 48 + 1}号楼"
            )
            doors = [
                Entrance.objects.create(grid_id=base, building=building, name=f"{door}门") for door in (1, 2)
            ]
            Household.objects.bulk_create(
                Household(
                    grid_id=base, entrance=doors[room // 24], room=f"{room % 24 // 4 + 1}0{room % 4 + 1}"
                )
                for room in range(min(48, each - number))
            )
    for number in range(50):
        user = User.objects.create_user(f"worker{number}", is_staff=True, name=f"网格员{number}")
        appoint(user, "grid_worker", bases[number * 2], by=None)
    officer = User.objects.create_user("officer", is_staff=True, name="街道干部")
    appoint(officer, "street_officer", STREET, by=None)


def drafted() -> tuple[Sweep, User]:
    """Return a sweep of the street that has not started, and who starts it."""
    officer = User.objects.get(username="officer")
    sweep = services.draw_up(
        by=officer,
        grid=Grid.objects.get(pk=STREET),
        title="排查",
        kind="emergency",
        about="households",
        hours=3,
    )
    return services.ask(sweep, by=officer, questions=QUESTIONS), officer


def starts(rounds: int) -> dict[str, list[float]]:
    """Return milliseconds of making the list, each rolled back: by hand, by hand without an order, by the model, the whole start."""
    sweep, officer = drafted()

    def undone(work):
        def run():
            with transaction.atomic():
                work()
                transaction.set_rollback(True)

        return run

    def by(statement):
        def run():
            with connection.cursor() as cursor:
                cursor.execute(statement, [sweep.pk, STREET])

        return undone(run)

    return timing.in_turn(
        {
            "by hand": by(LAID_OUT),
            "by hand, without an order": by(BARE),
            "the model's statement": undone(lambda: SweepTarget.objects.lay_out(sweep)),
            "the whole start, with notices": undone(lambda: SWEEPS.run(sweep.pk, "start", by=officer)),
        },
        rounds,
        warm_up=2,
    )


def fresh() -> None:
    """End what runs and start a sweep anew."""
    officer = User.objects.get(username="officer")
    for running in Sweep.objects.running():
        SWEEPS.run(running, "call_off", by=officer, note="再量一次")
    SWEEPS.run(drafted()[0], "start", by=officer)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE grids_sweeptarget")


def counts(rounds: int) -> dict[str, list[float]]:
    """Return milliseconds of the figures of a sweep of which a third is done: by hand, by the rule as its officer sees it."""
    # What was swept before stays in the table.
    for _ in range(6):
        fresh()
    sweep, officer = Sweep.objects.running().get(), User.objects.get(username="officer")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE grids_sweeptarget SET outcome = 'done', done_at = now(), done_by_id = %s, answers = '{\"q1\": \"否\"}',"
            " is_finding = id %% 20 = 0 WHERE sweep_id = %s AND id %% 3 = 0",
            [officer.pk, sweep.pk],
        )

    def by_hand():
        with connection.cursor() as cursor:
            cursor.execute(COUNTED, [sweep.pk])
            return cursor.fetchall()

    def by_rule():
        return coverage(SweepTarget.objects.restrict(officer).filter(sweep=sweep))

    assert {row[0]: row[1:] for row in by_hand()} == {
        code: (each.total, each.done, each.absent, each.exempt, each.findings)
        for code, each in by_rule().items()
    }
    found = timing.in_turn({"by hand": by_hand, "the rule's": by_rule}, rounds * 3)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM grids_sweeptarget")
    after = timing.in_turn(
        {"by hand, after a vacuum": by_hand, "the rule's, after a vacuum": by_rule}, rounds * 3
    )
    return found | after


def plan() -> str:
    """Return the plan of the figures."""
    sweep, officer = Sweep.objects.running().get(), User.objects.get(username="officer")
    rows = (
        SweepTarget.objects.restrict(officer)
        .filter(sweep=sweep)
        .order_by()
        .values("grid", "outcome", "is_finding")
    )
    return rows.explain(analyze=True)


_people: list[tuple[User, list[int]]] = []


def workers(count: int) -> list[int]:
    """Return the keys of so many grid workers."""
    return list(
        User.objects.filter(username__startswith="worker").order_by("pk").values_list("pk", flat=True)[:count]
    )


def ready(people: list[int]) -> int:
    """Note who answers from this process, and at which doors."""
    sweep = Sweep.objects.running().get()
    _people.clear()
    for key in people:
        user = User.objects.get(pk=key)
        rows = (
            SweepTarget.objects.restrict(user, "answer").filter(sweep=sweep, outcome="").order_by("position")
        )
        _people.append((user, list(rows.values_list("pk", flat=True))))
    return len(_people)


def answer_all(way: str, count: int) -> int:
    """Let everyone of this process answer at so many doors, each in a thread of her own. Returns how many answers were taken in."""
    taken: list[int] = []

    def by_service(user: User, doors: list[int]) -> None:
        for door in doors:
            # A request finds out who is there anew.
            came = services.answer(
                door,
                by=User.objects.get(pk=user.pk),
                outcome="done",
                answers={"q1": "否", "q2": "3"},
                token=str(door),
            )
            taken.append(came.is_new)

    def by_hand(user: User, doors: list[int]) -> None:
        for door in doors:
            with transaction.atomic(), connection.cursor() as cursor:
                share(1)
                cursor.execute(
                    "SELECT version, outcome, tokens FROM grids_sweeptarget WHERE id = %s FOR UPDATE", [door]
                )
                cursor.fetchone()
                cursor.execute(
                    "UPDATE grids_sweeptarget SET outcome = 'done', answers = %s, done_at = %s, recorded_at = now(), done_by_id = %s,"
                    " version = version + 1, tokens = ARRAY[%s] WHERE id = %s AND version = 0",
                    ['{"q1": "否", "q2": 3}', timezone.now(), user.pk, str(door), door],
                )
                taken.append(cursor.rowcount)

    def work(user: User, doors: list[int]) -> None:
        try:
            (by_service if way == "service" else by_hand)(user, doors[:count])
        finally:
            connections.close_all()

    # The process has as many connections as it has people, and none to spare.
    connections.close_all()
    threads = [threading.Thread(target=work, args=each) for each in _people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(taken)
