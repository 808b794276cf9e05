"""A district to measure in: Hongqiao's own tree, and so many orders with the people, claims, steps and hours that go with them.

    python -m benchmarks.world            builds both worlds, 1,000 and 100,000 orders (about a minute), or says they are there

Environment: see benchmarks/databases.py. Rows are copied in bulk and are the same for one day: only the cast
(benchmarks/cast.py), the posts of staff and the shares go through the services. What differs between the two worlds is
the number of orders (with their claims, steps and hours) alone: territory and people are the same, and each member of the
cast has at least a full page in both, so that a page of 1,000 and one of 100,000 show the same.
"""

import io
import random
import secrets
import sys
from collections.abc import Iterable, Sequence
from contextlib import redirect_stdout
from datetime import date, datetime, timedelta
from typing import Any

from benchmarks import databases, workers

#: The menu: 27 items, as the demo has; the first ten carry most orders.
MENU = [
    "陪同就医",
    "代取药品",
    "上门理发",
    "家电维修",
    "管道疏通",
    "电路检查",
    "打扫卫生",
    "助浴",
    "送餐上门",
    "代购代办",
    "陪伴聊天",
    "读书读报",
    "课后辅导",
    "法律咨询",
    "心理疏导",
    "手机教学",
    "搬运重物",
    "量血压",
    "助行轮椅借用",
    "环境清洁",
    "楼道照明",
    "宠物寻找",
    "文艺演出",
    "助农售菜",
    "政策讲解",
    "垃圾清运",
    "消防检查",
]
SITUATIONS = (
    "老人行动不便，请带好工具", "家里有小孩，请先打电话", "下午在家，楼门有门铃", "独居老人，听力不好", "需要两小时左右",
    "最好是女同志", "电梯正在维修，请走楼梯", "请提前联系社区", "材料已经准备好", "上周来过一次，没有修好",
)  # fmt: skip
#: A word in one order of two thousand.
RARE = "助听器"
RESIDENTS, VOLUNTEERS, BASE_GRIDS = 20_000, 5_000, 990
YEARS = timedelta(days=730)
FRESH = timedelta(days=14)
#: State and weight, for orders of the last two weeks and for older ones: old orders are nearly all finished.
FRESH_STATES = {
    "placed": 10, "returned": 3, "open": 20, "assigned": 10, "claimed": 12, "serving": 4, "served": 8,
    "confirmed": 8, "rated": 18, "cancelled": 6, "rejected": 1,
}  # fmt: skip
OLD_STATES = {
    "rated": 617,
    "confirmed": 220,
    "cancelled": 113,
    "rejected": 45,
    "placed": 2,
    "assigned": 1,
    "served": 2,
}
CLOSED = {"rated", "confirmed", "cancelled", "rejected"}
#: At least so many orders of each member of the cast, in either world: more than a page of the desk.
OWN_PAGE = 60
#: The share of all orders that the district seat took down on the telephone.
BY_SEAT = 0.05


def build(count: int) -> None:
    """Fill the empty database of this process with a world of ``count`` orders."""
    from django.db import connection

    found()
    Builder(count).run()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def found() -> None:
    """Make the tables, and load the district's divisions."""
    from django.core.management import call_command

    with redirect_stdout(io.StringIO()):
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        call_command(
            "load_divisions",
            databases.ROOT / "grids/data/divisions_120106_hongqiao.csv",
            outline=databases.ROOT / "grids/data/outline_120106_hongqiao.geojson",
        )


class Builder:
    """One build: what is made first is kept for what refers to it."""

    def __init__(self, orders: int) -> None:
        from django.utils import timezone

        self.count = orders
        self.random = random.Random(20261122)  # noqa: S311 - repeatable, not secret
        self.now = timezone.now()

    def run(self) -> None:
        """Make everything, in the order of the references."""
        from benchmarks import cast
        from grids.services import make_up_base_grids

        make_up_base_grids(cast.DISTRICT, BASE_GRIDS, seed=1)
        self.territory()
        self.people, self.units = cast.call_in(self.place)
        self.staff()
        self.menu()
        self.residents()
        self.volunteers()
        self.orders()
        self.consequences()
        self.shares()

    # --- territory and people ---------------------------------------------------------------------------------------
    def territory(self) -> None:
        """Doors in every base grid, and the places of the cast."""
        from benchmarks.cast import Place
        from grids.models import Building, Entrance, Grid

        self.bases = list(Grid.objects.of_level(15).values_list("code", flat=True))
        self.communities = sorted({code[:12] for code in self.bases})
        home = self.communities[0]
        beside = next(c for c in self.communities if c[:9] == home[:9] and c != home)
        far = next(c for c in self.communities if c[:9] != home[:9])
        self.place = Place(home[:9], home, next(b for b in self.bases if b.startswith(home)), beside, far)
        self.below = {c: [b for b in self.bases if b.startswith(c)] for c in self.communities}
        copy(
            Building,
            (
                {"grid_id": code, "name": f"{n}号楼", "compound": "和苑里"}
                for code in self.bases
                for n in (1, 2, 3)
            ),
        )
        doors = list(Building.objects.values_list("pk", "grid_id"))
        copy(
            Entrance,
            (
                {"grid_id": code, "building_id": key, "name": f"{n}门", "token": secrets.token_urlsafe(9)}
                for key, code in doors
                for n in (1, 2)
            ),
        )
        self.entrances: dict[str, list[int]] = {}
        for key, code in Entrance.objects.values_list("pk", "grid_id"):
            self.entrances.setdefault(code, []).append(key)

    def staff(self) -> None:
        """Everybody else who holds a post: five officers a street, three people a community, a worker a grid."""
        from governance.appointments import appoint
        from governance.models import User

        posts = [
            ("street_officer", street) for street in sorted({c[:9] for c in self.bases}) for _ in range(5)
        ]
        posts += [
            (r, c) for c in self.communities for r in ("community_secretary", *["community_worker"] * 2)
        ]
        posts += [("grid_worker", code) for code in self.bases]
        users = User.objects.bulk_create(
            User(username=f"staff-{n}", name=f"干部{n}", is_staff=True, password="!")
            for n in range(len(posts))
        )
        for user, (role, code) in zip(users, posts, strict=True):
            appoint(user, role, code, by=None)
        self.workers = {
            code: user.pk for user, (role, code) in zip(users, posts, strict=True) if role == "grid_worker"
        }

    def menu(self) -> None:
        """The menu of 27 items."""
        from volunteers.models import ServiceItem

        self.items = ServiceItem.objects.bulk_create(
            ServiceItem(code=f"item-{n}", name=name, category="home", summary=name, order=n)
            for n, name in enumerate(MENU)
        )
        self.item_weights = [10 if n < 10 else 2 for n in range(len(MENU))]

    def residents(self) -> None:
        """Accounts of residents, who place most orders."""
        from governance.models import User

        copy(User, (self.account(f"resident-{n}", f"1710{n:07d}") for n in range(RESIDENTS)))
        rows = User.objects.filter(username__startswith="resident-").order_by("pk")
        self.residents_ = list(rows.values_list("pk", "name", "phone"))

    def account(self, username: str, phone: str) -> dict[str, Any]:
        """Return the columns of an account that signs in by phone."""
        name = self.random.choice("王李张刘陈杨赵黄周吴") + self.random.choice("明芳伟娜敏静丽强磊洋")
        return {"username": username, "phone": phone, "phone_verified": True, "name": name, "password": "!"}

    def volunteers(self) -> None:
        """Volunteers everywhere, active, with the post that an approval gives; the cast's is one of them."""
        from governance.models import Post, User
        from volunteers.models import Volunteer

        copy(User, (self.account(f"volunteer-{n}", f"1720{n:07d}") for n in range(VOLUNTEERS - 1)))
        rows = list(User.objects.filter(username__startswith="volunteer-").order_by("pk"))
        home = {user.pk: self.random.choice(self.bases) for user in rows}
        copy(
            Post,
            (
                {
                    "user_id": user.pk,
                    "role_id": "volunteer",
                    "grid_id": home[user.pk][:12],
                    "note": "志愿者登记",
                }
                for user in rows
            ),
        )
        star = self.people["volunteer"]
        home[star.pk] = self.place.base
        copy(
            Volunteer,
            (
                self.matter(
                    home[user.pk],
                    number=f"ZY-{home[user.pk][:12]}-{n:06d}",
                    title="志愿者登记",
                    applicant_id=user.pk,
                    applicant_name=user.name,
                    applicant_phone=user.phone,
                    status="active",
                    version=2,
                    birth_date=date(1960 + n % 45, 1 + n % 12, 1 + n % 28),
                    reach=("community", "street", "district")[n % 3],
                    free_times=["1m", "3a", "6m"],
                )
                for n, user in enumerate([*rows, star])
            ),
        )
        self.crowd: dict[str, list[int]] = {}
        for key, code, applicant in Volunteer.objects.values_list("pk", "grid_id", "applicant_id"):
            if applicant == star.pk:
                self.star = key
            else:
                self.crowd.setdefault(code[:12], []).append(key)
        self.idle = [key for keys in self.crowd.values() for key in keys]
        self.random.shuffle(self.idle)

    def matter(self, code: str, **columns: Any) -> dict[str, Any]:
        """Return the columns that every matter has."""
        return {"grid_id": code, "opened_at": self.now - YEARS} | columns

    # --- orders -----------------------------------------------------------------------------------------------------
    def plans(self) -> list[dict[str, Any]]:
        """Return what is fixed about each order: first what the cast's lists need in either world, then the rest."""
        place, people, units = self.place, self.people, self.units
        page = range(OWN_PAGE)
        pick = self.random.choice
        plans: list[dict[str, Any]] = []
        plans += [{"code": place.base} for _ in page]
        plans += [{"code": pick(self.below[place.community]), "unit_id": units["team"].pk} for _ in page]
        plans += [{"unit_id": units["department"].pk} for _ in page]
        plans += [{"code": pick(self.below[place.beside])} for _ in page]
        plans += [{"applicant": people["resident"], "code": place.base} for _ in page]
        plans += [{"beneficiary_id": people["resident"].pk} for _ in range(3)]
        plans += [
            {"code": pick(self.below[place.community]), "star": True, "state": "rated", "old": True}
            for _ in page
        ]
        plans += [{"code": pick(self.below[place.community]), "state": "open", "hall": 12} for _ in page]
        # What the cast reaches outside its own jurisdiction.
        far = self.below[place.far]
        for key in ("street", "secretary", "worker", "grid", "department", "team", "station"):
            plans += [{"code": pick(far), "applicant": people[key], "old": True} for _ in range(4)]
        for key in ("street", "secretary", "worker", "grid"):
            plans += [{"code": pick(far), "placed_by": people[key].pk, "old": True} for _ in range(8)]
        # The grid worker's own grid, where she places orders for residents.
        plans += [{"code": place.base, "placed_by": people["grid"].pk} for _ in range(OWN_PAGE)]
        plans += [
            {"placed_by": people["seat"].pk, "phone_only": True} for _ in range(int(self.count * BY_SEAT))
        ]
        plans = plans[: self.count]
        return plans + [{} for _ in range(self.count - len(plans))]

    def orders(self) -> None:
        """Copy in the orders, and remember who takes part in them."""
        from volunteers.models import Order

        self.taking: list[tuple[str, int, str, datetime, datetime]] = []
        copy(Order, (self.order(number, plan) for number, plan in enumerate(self.plans())))

    def order(self, serial: int, plan: dict[str, Any]) -> dict[str, Any]:
        """Return one order's columns."""
        from governance.search import index

        rng, now = self.random, self.now
        code = plan.get("code") or rng.choice(self.bases)
        age = YEARS * rng.random()
        if plan.get("old"):
            age = FRESH + (YEARS - FRESH) * rng.random()
        elif plan.get("state") == "open":
            age = FRESH * rng.random()
        opened = now - age
        weights = FRESH_STATES if age < FRESH else OLD_STATES
        state = plan.get("state") or rng.choices(list(weights), list(weights.values()))[0]
        ahead = state in ("open", "assigned", "claimed") and age < FRESH
        start = (now if ahead else opened) + timedelta(hours=rng.randint(20, 200))
        start = start.replace(minute=0, second=0, microsecond=0)
        if state == "serving":
            start = now - timedelta(hours=1)
        end = start + timedelta(hours=2)
        closed = min(now, max(opened, end) + timedelta(hours=rng.randint(1, 60))) if state in CLOSED else None
        due = None
        if closed is None and state != "returned":
            due = (
                end + timedelta(hours=6)
                if state in ("open", "assigned", "claimed", "serving")
                else opened + timedelta(hours=rng.randint(4, 90))
            )
        applicant = plan.get("applicant")
        if applicant is not None:
            key, name, phone = applicant.pk, applicant.name, applicant.phone
        else:
            key, name, phone = rng.choice(self.residents_)
        placed_by, channel = plan.get("placed_by"), "resident"
        if placed_by is None and applicant is None and rng.random() < 0.2:
            placed_by, channel = self.workers[code], "worker"
        if plan.get("phone_only") or (placed_by is not None and rng.random() < 0.5):
            key = None
        channel = "hotline" if plan.get("phone_only") else channel
        item = rng.choices(self.items, self.item_weights)[0]
        words = "，".join(rng.sample(SITUATIONS, 2)) + (f"，{RARE}" if serial % 2000 == 7 else "")
        number = f"DD-{code[:12]}-{opened:%Y%m%d}-{serial:06d}"
        places = rng.choices((1, 2, 5), (85, 12, 3))[0]
        hall = plan.get("hall") or rng.choices((12, 9, 6), (50, 30, 20))[0]
        taken = self.takers(number, code, state, places, start, end, plan)
        return {
            "grid_id": code,
            "number": number,
            "title": item.name,
            "description": words,
            "applicant_id": key,
            "applicant_name": name,
            "applicant_phone": phone,
            "placed_by_id": placed_by,
            "entrance_id": rng.choice(self.entrances[code]),
            "unit_id": plan.get("unit_id"),
            "channel": channel,
            "status": state,
            "version": 2,
            "opened_at": opened,
            "closed_at": closed,
            "clock_from": opened if due else None,
            "due_at": due,
            # By the clock, not by office hours: those are read from the database, which is busy with this very copy.
            "yellow_at": opened + (due - opened) * 3 / 4 if due else None,
            "paused_at": now if due and rng.random() < 0.02 else None,
            "search_terms": index((item.name, words, number), (phone[-4:],)),
            "item_id": item.pk,
            "beneficiary_id": plan.get("beneficiary_id", key if rng.random() < 0.8 else None),
            "beneficiary_name": name,
            "beneficiary_phone": phone,
            "address": f"{rng.randint(1, 6)}0{rng.randint(1, 4)} 室",
            "wanted_from": start,
            "wanted_until": end,
            "places": places,
            "taken": taken,
            "published_to": code[:hall]
            if state == "open" or (state == "claimed" and rng.random() < 0.7)
            else "",
            "open_since": opened if state == "open" else None,
            "code": f"{rng.randint(0, 999999):06d}",
            "rating": rng.choice((3, 4, 5, 5, 5)) if state == "rated" else None,
        }

    def takers(
        self, number: str, code: str, state: str, places: int, start: datetime, end: datetime, plan: dict
    ) -> int:
        """Choose who takes part in an order. Returns how many places that fills."""
        rng = self.random
        if plan.get("star"):
            self.taking.append((number, self.star, "served", start, end))
            return 1
        if state in ("rated", "confirmed", "served"):
            chosen = rng.sample(self.crowd.get(code[:12]) or self.idle, min(places, 2))
            self.taking += [(number, key, "served", start, end) for key in chosen]
            return len(chosen)
        if state in ("claimed", "serving", "assigned") or (state == "open" and places > 1):
            held = {"claimed": places, "serving": places, "assigned": 1, "open": 1}[state]
            status = "invited" if state == "assigned" else "held"
            # Nobody holds two at one time: each idle volunteer is used once.
            chosen = [self.idle.pop() for _ in range(min(held, len(self.idle) - VOLUNTEERS // 4))]
            self.taking += [(number, key, status, start, end) for key in chosen]
            return len(chosen)
        if state == "cancelled" and rng.random() < 0.3:
            self.taking.append(
                (number, rng.choice(self.crowd.get(code[:12]) or self.idle), "void", start, end)
            )
        return 0

    def consequences(self) -> None:
        """Claims, two steps of every order, and the hours of what was confirmed."""
        from django.db import connection
        from psycopg.types.range import TimestamptzRange

        from volunteers.models import Claim, Order

        keys = dict(Order.objects.values_list("number", "pk"))
        copy(
            Claim,
            (
                {
                    "order_id": keys[number],
                    "volunteer_id": volunteer,
                    "status": status,
                    "window": TimestamptzRange(start, end),
                    "created_at": start - timedelta(hours=12),
                    "checked_in_at": start if status == "served" else None,
                    "checked_out_at": end if status == "served" else None,
                    "half_hours": 4 if status == "served" else None,
                }
                for number, volunteer, status, start, end in self.taking
            ),
        )
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO volunteers_orderstep
                    (matter_id, seq, action, label, actor_id, capacity, at, from_status, to_status, note, data)
                SELECT id, seq, action, label, coalesce(applicant_id, placed_by_id), '',
                       CASE seq WHEN 1 THEN opened_at ELSE coalesce(closed_at, opened_at) END,
                       CASE seq WHEN 1 THEN '' ELSE 'placed' END,
                       CASE seq WHEN 1 THEN 'placed' ELSE status END, '', '{}'
                FROM volunteers_order, (VALUES (1, 'open', '点单'), (2, 'rate', '评价')) AS told(seq, action, label)
                """
            )
            cursor.execute(
                """
                INSERT INTO volunteers_hoursentry (grid_id, volunteer_id, claim_id, kind, half_hours, reason, entered_by_id, at)
                SELECT v.grid_id, c.volunteer_id, c.id, 'earn', c.half_hours, '', v.applicant_id, c.checked_out_at
                FROM volunteers_claim c JOIN volunteers_volunteer v ON v.id = c.volunteer_id
                JOIN volunteers_order o ON o.id = c.order_id
                WHERE c.status = 'served' AND o.status IN ('confirmed', 'rated')
                """
            )

    def shares(self) -> None:
        """Rows of another street that were opened to people of the cast, case by case."""
        from governance.sharing import share
        from volunteers.models import Order

        rows = list(Order.objects.filter(community_code=self.place.far).order_by("pk")[:40])
        for key in ("secretary", "street", "department"):
            for order in rows[:20]:
                share(order, self.people[key], {"view"}, by=self.people["seat"], reason="协办")


def copy(model: Any, rows: Iterable[dict[str, Any]]) -> None:
    """Copy rows into a model's table: the columns of the first row (all rows have the same) and the model's defaults."""
    from django.db import connection, models

    fields = [
        f for f in model._meta.concrete_fields if not f.generated and not isinstance(f, models.AutoField)
    ]
    names = ", ".join(f'"{f.column}"' for f in fields)
    with (
        connection.cursor() as cursor,
        cursor.copy(f'COPY "{model._meta.db_table}" ({names}) FROM STDIN') as into,
    ):
        for row in rows:
            into.write_row([row[f.attname] if f.attname in row else f.get_default() for f in fields])


def name_of(count: int, package: str = "") -> str:
    """Return the name of the database of a world: of ``count`` orders, or of so many of what ``package`` measures."""
    return f"bench_{package}_{count}" if package else f"bench_{count}"


def ensure(
    server_url: str, sizes: Sequence[int] = (databases.SMALL, databases.LARGE), package: str = ""
) -> list[str]:
    """Build the worlds that are not there yet, by ``build`` of this module or of the package's. Returns their URLs."""
    urls = []
    for count in sizes:
        name = name_of(count, package)
        url = databases.url_of(server_url, name)
        urls.append(url)
        if not databases.prepare(server_url, name):
            continue
        print(
            f"Building the world of {count:,} {f'rows of {package}' if package else 'orders'}…",
            file=sys.stderr,
            flush=True,
        )
        with workers.hired(url) as [worker]:
            worker.ask(f"{package}.world.build" if package else "world.build", count=count)
        databases.finish(server_url, name)
    return urls


def migrate() -> None:
    """Bring an older world's tables up to the code: for trying a change out."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


if __name__ == "__main__":
    with databases.server() as found:
        for ready in ensure(found):
            print(ready)
