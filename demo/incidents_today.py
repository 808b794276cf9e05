"""The incidents on the demo people's desks and phones at the reference moment: something to do for each of them.

Like the orders of demo/today.py they are written down act by act, so that whoever tries the demo finds them whatever the seed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from demo import incident_results as results
from demo import incident_words as words
from demo.incidents import point_of, run
from demo.people import COMMUNITY, GRID, NEIGHBOUR, STREET
from demo.scenes import picture
from demo.world import Calendar, Story, World, work_ago
from governance.models import User
from incidents.models import Incident
from incidents.services.reporting import report_incident

Value = Callable[[World, Incident], Any]


@dataclass(frozen=True)
class Act:
    """One act of the script. ``by`` is a demo person's key, a department's code, or ``asker``."""

    at: datetime
    action: str
    by: str
    data: dict[str, Any]


def act(at: datetime, action: str, by: str, **data: Any) -> Act:
    """Return an act; values that are functions are asked for when it is played."""
    return Act(at, action, by, data)


def unit(code: str) -> Value:
    """Give it to this unit."""
    return lambda world, incident: world.units[code]


def her(key: str) -> Value:
    """Give it to this demo person."""
    return lambda world, incident: world.people[key]


def left(world: World, incident: Incident) -> list:
    """Show how it was left."""
    return [picture(incident.minor_class.code, incident.spot, after=True)]


class Script:
    """Reports the scripted incidents and lets their acts follow."""

    def __init__(self, world: World, calendar: Calendar) -> None:
        self.world, self.calendar, self.now = world, calendar, world.now
        self.chance = world.chance("incidents today")
        homes = [base for base in world.bases(COMMUNITY) if world.doors[base]]
        self.next_grid = next(base for base in homes if base != GRID)
        self.neighbour_grid = next(base for base in world.bases(NEIGHBOUR) if world.doors[base])
        others = [user for base in homes for user in world.residents[base]]
        self.residents = [user for user in others if user != world.people["resident"]]
        self.told: dict[str, int] = {}

    def ago(self, hours: float) -> datetime:
        """Return a moment so many office hours back."""
        return work_ago(self.now, hours)

    def minutes_ago(self, minutes: float) -> datetime:
        """Return a moment so many minutes back, by the clock."""
        return self.now - timedelta(minutes=minutes)

    def incident(
        self, minor: str, at: datetime, *acts: Act, by: str | int, text: str, spot: str, base: str = GRID,
        door: bool = False, channel: str = "resident", urgent: bool = False, shown: bool = True, name: str = "",
    ) -> None:  # fmt: skip
        """Script an incident: reported by a demo person (key), the n-th neighbour or a device, then ``acts`` in turn.

        ``name`` is how a later one of the script speaks of it.
        """
        fields: dict[str, Any] = {"description": text, "spot": spot, "channel": channel, "is_urgent": urgent}
        place = f"{self.world.seed}/{spot}"
        if door:
            fields["entrance"] = self.world.doors[base][0]
        else:
            fields["grid"] = self.world.grids[base]
            fields["longitude"], fields["latitude"] = point_of(self.world, base, place)
        if shown:
            fields["photos"] = [picture(minor, spot)]
        fields["source_id"] = f"today-{self.chance.getrandbits(48):012x}"
        self.calendar.begin(at, self._play(minor, acts, by, fields, name))

    def _play(
        self, minor: str, acts: tuple[Act, ...], by: str | int, fields: dict[str, Any], name: str
    ) -> Story:
        fields["minor_class"] = self.world.minors[minor]
        incident = report_incident(**fields, **self._sender(by, fields["channel"]))[0]
        if name:
            self.told[name] = incident.pk
        for each in acts:
            yield each.at
            data = {
                key: value(self.world, incident) if callable(value) else value
                for key, value in each.data.items()
            }
            run(incident, each.action, self._actor(each.by, incident), **data)

    def _sender(self, by: str | int, channel: str) -> dict[str, Any]:
        if channel == "device":
            return {"by": User.objects.system(), "source": "iot"}
        user = self.residents[by % len(self.residents)] if isinstance(by, int) else self.world.people[by]
        if channel == "worker":
            return {"by": user}
        if channel == "resident":
            return {"by": user, "applicant": user}
        someone = {"applicant_name": self.world.names.name(), "applicant_phone": self.world.names.phone()}
        return {"by": user, "source": "12345" if channel == "hotline" else "portal", **someone}

    def _actor(self, by: str, incident: Incident) -> User:
        if by == "asker":
            return incident.applicant
        return self.world.officers[by][0] if by in self.world.officers else self.world.people[by]

    def lead(self, name: str) -> Value:
        """Merge it into the one of that name."""
        return lambda world, incident: Incident.objects.get(pk=self.told[name])


def plan_incidents_today(world: World, calendar: Calendar) -> None:
    """Put the scripted incidents into the calendar."""
    script = Script(world, calendar)
    _at_the_secretarys(script)
    _in_the_grid(script)
    _to_be_looked_at(script)
    _with_the_department(script)
    _in_the_street(script)
    _with_the_resident(script)
    _called_in(script)
    _next_door(script)


def _at_the_secretarys(s: Script) -> None:
    """New ones under every light, one returned, one that repeats another, one that is a call for help, and her own to do."""
    ago, committee = s.ago, unit(f"jwh{COMMUNITY}")
    s.incident(
        "0305",
        ago(0.5),
        by=1,
        spot="三层至五层",
        door=True,
        text="三楼到五楼的楼道灯都不亮，晚上上楼得拿手机照着。",
    )
    s.incident(
        "0108", ago(1.7), by=2, spot="楼门口西侧", text="不知道谁家把旧沙发和床垫扔楼门口了，出入得侧着身。"
    )
    s.incident(
        "0404", ago(4), by="seat", channel="hotline", spot="四层住户", base=s.next_grid, door=True, shown=False,
        text="楼上半夜拖椅子、拍皮球，上去说过两回，好两天又照旧。",
    )  # fmt: skip
    s.incident(
        "0901", ago(1.2), act(ago(0.7), "accept", "worker"), by="worker", channel="desk", spot="小广场", shown=False,
        base=s.next_grid, text="建议在小广场加几把带靠背的椅子，老人遛弯累了有个地方歇歇脚。",
    )  # fmt: skip
    s.incident(
        "0109", ago(9), act(ago(8.5), "dispatch", "worker", unit=unit("chengguan")),
        act(ago(1), "return_back", "department", note="依照部门职责清单，绿地补植由园林绿化部门负责，请改派。"),
        by=3, spot="楼前花坛", base=s.next_grid, text="楼前花坛里的冬青死了一大片，露着黄土，刮风天满地都是土。",
    )  # fmt: skip
    s.incident(
        "0102", ago(2.5), act(ago(2), "dispatch", "secretary", unit=unit(f"jd{STREET}")),
        act(ago(1.8), "receive", "officer"), by=4, spot="北门投放点", base=s.next_grid, name="bins",
        text="分类点的厨余桶从昨天晚上就满了，今早大伙儿只好把袋子摞在桶边上。",
    )  # fmt: skip
    s.incident(
        "0102", ago(0.4), by=5, spot="北门投放点", base=s.next_grid,
        text="投放点的厨余桶满了一夜没人清，袋子都摞在桶边上，味儿很大。",
    )  # fmt: skip
    s.incident(
        "0102", ago(1.4), act(ago(1.1), "merge", "worker", lead=s.lead("bins"), note=words.MERGE[0]), by=6,
        spot="北门投放点", base=s.next_grid, shown=False, text="周末两天没来收垃圾，桶都冒尖了，风一刮塑料袋满院子跑。",
    )  # fmt: skip
    s.incident(
        "0708", ago(0.9), by=7, spot="二层住户", door=True, shown=False,
        text="老伴住院了，我一个人在家，腿脚不好，想有人陪着去医院取一趟药。",
    )  # fmt: skip
    s.incident(
        "0514", s.minutes_ago(7), by=0, channel="device", spot="五层住户厨房", base=s.next_grid, door=True, urgent=True,
        shown=False, text="设备报警：住户厨房烟感触发，持续九十秒未复位，电话无人接听。",
    )  # fmt: skip
    s.incident(
        "0403", ago(7), act(ago(6.5), "dispatch", "worker", unit=committee), act(ago(6), "receive", "secretary"),
        act(ago(5), "contacted", "secretary", note=results.CONTACTED[0]), by=8, spot="小广场", base=s.next_grid,
        shown=False, text="小广场跳舞的音响开得太大，晚上九点半了还不散，家里有上夜班的要补觉。",
    )  # fmt: skip
    s.incident(
        "0307", ago(3), act(ago(2), "dispatch", "worker", unit=committee), by=9, spot="单元门口", door=True,
        text="单元门闭门器坏了，门一直敞着，冬天灌风不说，谁都能进来，不放心。",
    )  # fmt: skip


def _in_the_grid(s: Script) -> None:
    """What the demo grid worker has to do: something new, something begun, something that cannot wait, something to redo."""
    ago, mine = s.ago, her("grid_worker")
    s.incident(
        "0504", ago(2), act(ago(1), "dispatch", "secretary", worker=mine, note="先劝导，今天去看一眼。"), by=10,
        spot="五层平台", door=True, text="五楼平台堆满了纸箱和旧柜子，只剩一条缝，抬个担架都过不去。",
    )  # fmt: skip
    s.incident(
        "0104", ago(5.5), act(ago(5), "dispatch", "worker", worker=mine), act(ago(4), "receive", "grid_worker"), by=11,
        spot="单元门两侧", door=True, text="单元门上又贴满了开锁、通下水的小广告，刚刮干净两天又来了。",
    )  # fmt: skip
    begun = s.minutes_ago(215)
    s.incident(
        "0502", begun, act(begun + timedelta(minutes=15), "dispatch", "secretary", worker=mine),
        act(begun + timedelta(minutes=25), "receive", "grid_worker"), by=12, spot="楼后一层窗外",
        text="有人从四楼窗户顺下来一根线给电动车充电，插线板就扔在地上。",
    )  # fmt: skip
    s.incident(
        "0701", s.minutes_ago(9), act(s.minutes_ago(5), "dispatch", "secretary", worker=mine, note="请马上去敲门看看。"),
        by=13, spot="三层住户", door=True, urgent=True, shown=False,
        text="对门独居的大爷两天没出来倒垃圾了，敲门没人应，屋里电视还响着。",
    )  # fmt: skip
    s.incident(
        "0504", ago(12), act(ago(11), "dispatch", "worker", worker=mine), act(ago(10), "receive", "grid_worker"),
        act(ago(6), "handle", "grid_worker", note="已劝住户把杂物搬走。", photos=left),
        act(ago(3), "verify_fail", "worker", note=words.REWORK[6]), by=14, spot="三层楼道", door=True,
        text="对门把鞋柜和婴儿车都放在公共过道，说了几次，当时答应就是不挪。",
    )  # fmt: skip


def _to_be_looked_at(s: Script) -> None:
    """Handled by others in her grid, and waiting for her eyes; and one that she found and put right, for others'."""
    ago = s.ago
    s.incident(
        "0603", ago(7), act(ago(6.5), "dispatch", "secretary", unit=unit("chengguan")),
        act(ago(6), "receive", "department"),
        act(ago(4), "handle", "department", note=results.RESULTS["0603"][0], photos=left), by=15, spot="东侧便道",
        text="盲道上停满了电动车，今天看见一位视障大爷拿盲杖探了半天走不过去。",
    )  # fmt: skip
    s.incident(
        "0306", ago(9), act(ago(8), "dispatch", "secretary", unit=unit(f"jwh{COMMUNITY}")),
        act(ago(7.5), "receive", "worker"), act(ago(5), "handle", "worker", note=results.RESULTS["0306"][0], photos=left),
        by=16, spot="一层门厅", door=True, text="楼道好久没人扫了，地上有烟头痰迹，楼梯扶手摸一把全是黑的。",
    )  # fmt: skip
    s.incident(
        "0101", ago(2), act(ago(1.9), "handle_oneself", "grid_worker", note="随手清走装袋，墙根撒了消毒粉。", photos=left),
        by="grid_worker", channel="worker", spot="围墙外侧",
        text="巡查发现围墙外有零散垃圾约两平方米，以菜叶和外卖盒为主，有异味。",
    )  # fmt: skip


def _with_the_department(s: Script) -> None:
    """What the demo department has: to take in, late to take in, in hand under every light, and one that cannot wait."""
    ago, mine = s.ago, unit("chengguan")
    s.incident(
        "0103", ago(2), act(ago(1), "dispatch", "secretary", unit=mine), by="grid_worker", channel="worker",
        spot="小区北门至公交站", text="巡查发现路口至公交站一段落叶较厚，雨水箅子被盖住，请安排清扫。",
    )  # fmt: skip
    s.incident(
        "0201", ago(12), act(ago(10.5), "dispatch", "worker", unit=mine), by="seat", channel="hotline", spot="东门外路段",
        base=s.next_grid, shown=False, text="从小区东门到公交站这一段路灯全黑着，下夜班走这儿心里直发毛。",
    )  # fmt: skip
    s.incident(
        "0603", ago(8), act(ago(7.5), "dispatch", "worker", unit=mine), act(ago(7), "receive", "department"), by=17,
        spot="菜市场门前", base=s.next_grid, text="便道盲道被快递货架占压约八米，坡道口同时被堵。",
    )  # fmt: skip
    s.incident(
        "0405", ago(33), act(ago(32), "dispatch", "other_secretary", unit=mine), act(ago(30), "receive", "department"),
        act(ago(29), "contacted", "department", note=results.CONTACTED[1]),
        act(ago(6), "supervise", "officer", note=words.SUPERVISE[0]), by="neighbour", spot="底商饭馆后窗",
        base=s.neighbour_grid, text="饭馆的烟道口正对着我家窗户，一到饭点满屋油烟味，衣服都不敢晾。",
    )  # fmt: skip
    s.incident(
        "0104", ago(30), act(ago(29), "dispatch", "worker", unit=mine), act(ago(28), "receive", "department"),
        act(ago(27), "ask_extension", "department", hours=16, note=results.EXTENSION[1]),
        act(ago(26), "extend", "secretary", hours=16, note="同意延期，请抓紧。"), by=18, spot="电线杆和变电箱",
        base=s.next_grid, text="电线杆上贴着办证贷款的条子，一层摞一层，看着实在不像样。",
    )  # fmt: skip
    s.incident(
        "0201", ago(11), act(ago(10), "dispatch", "worker", unit=mine), act(ago(9), "receive", "department"),
        act(ago(2), "ask_extension", "department", hours=8, note=results.EXTENSION[0]), by=19, spot="小广场北侧",
        base=s.next_grid, text="楼前的路灯一到半夜就一闪一闪的，晃得人睡不着，报了一回还没修。",
    )  # fmt: skip
    s.incident(
        "0202", s.minutes_ago(14), act(s.minutes_ago(4), "dispatch", "secretary", unit=mine), by=20, spot="路口西南角",
        urgent=True, base=s.next_grid, text="便道中间的井盖没了，有人拿根树枝插着，天黑了根本看不见，太吓人。",
    )  # fmt: skip


def _in_the_street(s: Script) -> None:
    """For the street's officer: to do, put off, split into parts; and one that three departments gave back, for the arbiter."""
    ago, street = s.ago, unit(f"jd{STREET}")
    s.incident(
        "0105", ago(3), act(ago(2.5), "dispatch", "secretary", unit=street), by=21, spot="公交站旁", base=s.next_grid,
        text="每天傍晚路口都有水果车摆到马路上，公交车进不了站，人只能绕着走。",
    )  # fmt: skip
    s.incident(
        "0602", ago(60), act(ago(59), "dispatch", "worker", unit=street), act(ago(57), "receive", "officer"),
        act(ago(40), "put_off", "officer", until=s.world.day(12), note=words.BACKLOG[5]), by=22, spot="车棚旁边",
        base=s.next_grid, text="楼下有辆车停了一年多，轮胎全瘪了，玻璃也碎了，里面成了野猫窝。",
    )  # fmt: skip
    parts = [("0106", "拆下来的砖和彩钢板要清走。"), ("0311", "占掉的绿地要恢复。")]
    s.incident(
        "0111", ago(26), act(ago(25), "dispatch", "secretary", unit=street), act(ago(24), "receive", "officer"),
        act(
            ago(1.5), "split", "officer", note="要分头办。",
            parts=lambda world, incident: [(world.minors[code], text) for code, text in parts],
        ),
        by=23, spot="楼后空地", text="有人用铁栅栏把楼后的公共空地围起来，里面搭了棚子放东西，大家都走不了。",
    )  # fmt: skip
    turns = []
    for hours, code, reason in ((24, "shuiwu", 3), (15, "zhujian", 0), (7, "chengguan", 1)):
        by = "department" if code == "chengguan" else code
        turns.append(act(ago(hours), "dispatch", "worker" if hours > 20 else "secretary", unit=unit(code)))
        turns.append(act(ago(hours - 4), "return_back", by, note=words.RETURN[reason]))
    s.incident(
        "0210", ago(25), *turns, by=24, spot="小区东门外井室", base=s.next_grid,
        text="小区门口的污水井往外冒，味儿特别大，孩子上学都得蹚着过去。",
    )  # fmt: skip


def _with_the_resident(s: Script) -> None:
    """Hers: one in hand, one to rate, one rated long ago."""
    ago = s.ago
    s.incident(
        "0110", ago(20), act(ago(19), "dispatch", "secretary", unit=unit("yuanlin")), act(ago(16), "receive", "yuanlin"),
        act(ago(15), "contacted", "yuanlin", note=results.CONTACTED[0]),
        act(ago(7), "progress", "yuanlin", note=words.PROGRESS[1]), by="resident", spot="南侧窗前",
        text="窗前那棵槐树长到四楼了，大白天屋里也得开灯，夏天还招虫子。",
    )  # fmt: skip
    s.incident(
        "0203", ago(34), act(ago(33), "dispatch", "worker", unit=unit("chengguan")), act(ago(30), "receive", "department"),
        act(ago(9), "handle", "department", note=results.RESULTS["0203"][1], photos=left),
        act(ago(4), "verify_pass", "grid_worker"),
        act(ago(3), "publish", "secretary", public_words=results.PUBLIC_WORDS[1]), by="resident", spot="小区北门便道",
        text="便道砖松动缺了十几块，人行横道两头最厉害，推轮椅过不去。",
    )  # fmt: skip
    day = s.world.day(-46)
    then = s.world.at(day, 9)
    s.incident(
        "0102", then, act(then + timedelta(minutes=40), "dispatch", "worker", unit=unit(f"jd{STREET}")),
        act(then + timedelta(minutes=60), "receive", "officer"),
        act(then + timedelta(minutes=190), "handle", "officer", note=results.RESULTS["0102"][0], photos=left),
        act(then + timedelta(minutes=400), "verify_pass", "grid_worker"),
        act(then + timedelta(minutes=640), "rate", "resident", solved=True, satisfaction=5, note=words.RATING_GOOD[0]),
        by="resident", spot="东门投放点", text="投放点的桶满了，袋子摞在桶边上，走过去都得捂鼻子。",
    )  # fmt: skip


def _called_in(s: Script) -> None:
    """From the hotline, closed, and to be called back by the demo seat operator."""
    ago = s.ago
    for serial, (minor, code, text, spot) in enumerate(
        (
            ("0103", "chengguan", "早市散了以后马路上全是菜叶和泥水，骑车从那儿过都打滑。", "菜市场门前"),
            (
                "0601",
                "jiaojing",
                "小区门口两边都停着车，只剩一条道，早上送孩子堵了二十分钟出不去。",
                "小区北门外",
            ),
            ("0206", "shuiwu", "四楼往上水压特别小，洗个菜都接半天，热水器根本打不着火。", "四层以上"),
        )
    ):
        begun = 22 - 2 * serial
        s.incident(
            minor, ago(begun), act(ago(begun - 0.5), "dispatch", "worker", unit=unit(code)),
            act(ago(begun - 1), "receive", code), act(ago(begun - 1.4), "contacted", code, note=results.CONTACTED[0]),
            act(ago(begun - 3), "handle", code, note=results.RESULTS[minor][0], photos=left),
            act(ago(8 - 2 * serial), "verify_pass", "worker"), by="seat", channel="hotline", spot=spot,
            base=s.next_grid, shown=False, text=text,
        )  # fmt: skip


def _next_door(s: Script) -> None:
    """In the neighbouring community: two for its secretary."""
    s.incident(
        "0106", s.ago(1.6), by="neighbour", spot="楼后空地", base=s.neighbour_grid,
        text="有人装修，砸下来的砖头瓷砖全倒在绿地边上，三天了也没人拉走。",
    )  # fmt: skip
    s.incident(
        "0309", s.ago(0.3), by="seat", channel="hotline", spot="小区大门", base=s.neighbour_grid, shown=False,
        text="小区大门经常没有人值守，外面的车随便进，交了物业费得不到服务。",
    )  # fmt: skip
