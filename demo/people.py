"""The demo people: who may be tried out, how each signs in, and what is worth looking at as each of them.

The one table that the loader, the sign-in pages, ``manage.py demo_people`` and the README all read. Everyone in it is made
up; the phone numbers lie in a block that this project uses for nobody else, and the passwords work in demo mode only.
"""

import base64
import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings

DISTRICT = "120106"
STREET = "120106012"
COMMUNITY = "120106012005"
NEIGHBOUR = "120106012001"
GRID = "120106012005001"

#: One password for all staff of the demo: it is printed on the sign-in page anyway.
PASSWORD = "Demo-Shequ-1"  # noqa: S105
FICTIONAL = "人物、手机号、地址和事项均为虚构。"


@dataclass(frozen=True)
class DemoPerson:
    """One person to try out. Staff (``staff``) sign in by ``login`` and password, the others by the phone ``login``.

    ``role`` and ``node`` are the post she holds, empty for residents, for the account that stands by and for whoever gets hers
    with a duty in a party organisation; ``unit`` is the code
    of the department that she works for, if any.
    """

    key: str
    title: str
    name: str
    login: str
    place: str
    sees: str
    role: str = ""
    node: str = ""
    staff: bool = True
    unit: str = ""

    @property
    def password(self) -> str:
        """The password, as the sign-in page prints it; phone people have none."""
        return PASSWORD if self.staff else ""

    @property
    def secret(self) -> str:
        """The base32 secret of the second factor: the same at every load, so that an app once set up keeps working."""
        return base64.b32encode(hashlib.sha256(f"demo person {self.key}".encode()).digest()[:20]).decode()


PEOPLE: tuple[DemoPerson, ...] = (
    DemoPerson(
        "resident", "居民", "李秀英", "19900000001", "和苑家园", "随手拍、点单、调解：进度、签到码、确认、评价", staff=False
    ),
    DemoPerson(
        "neighbour", "居民", "王建国", "19900000002", "全和园", "邻社区的居民，只看得到自己的事项", staff=False
    ),
    DemoPerson(
        "volunteer", "志愿者", "张晓梅", "19900000003", "和苑家园", "接单大厅，已接的单，签到签退，晒单；上门探视邻居", staff=False
    ),
    DemoPerson(
        "helper", "志愿者", "刘志强", "19900000004", "和苑家园", "社区派来待同意的单，候补，时长记录；也是党员，可认领微心愿", staff=False
    ),
    DemoPerson(
        "leader", "服务队队长", "陈国栋", "19900000005", "和苑家园", "派给本队的单，安排队员", staff=False
    ),
    DemoPerson(
        "secretary", "社区书记", "周丽华", "shuji", "和苑家园",
        "工作台：待派遣的事件，待受理的单，黄灯、红灯；网格队伍、底册、探视、排查",
        "community_secretary", COMMUNITY,
    ),
    DemoPerson(
        "other_secretary", "社区书记", "冯雪", "shuji2", "全和园", "邻社区的书记，看不到和苑家园的事项",
        "community_secretary", NEIGHBOUR,
    ),
    DemoPerson(
        "worker", "社区工作者", "吴倩", "shegong", "和苑家园", "协助书记派遣、回访、派单", "community_worker", COMMUNITY
    ),
    DemoPerson(
        "grid_worker", "网格员", "赵敏", "wangge", "和苑家园第1网格", "本网格的事件，走访、巡查、上门探视、排查，代居民点单", "grid_worker", GRID
    ),
    DemoPerson(
        "station", "站长", "孙桂兰", "zhanzhang", "和苑家园", "站点、服务队，派单和审核", "station_leader", COMMUNITY
    ),
    DemoPerson(
        "director", "矛调中心主任", "许国强", "zhuren", "和苑家园", "本社区的矛调中心：纠纷、调解室、轮值、调委会、调解员",
        "mediation_director", COMMUNITY,
    ),
    DemoPerson("mediator", "调解员", "崔玉兰", "tiaojie", "和苑家园", "今天的调解、该回访的，交给自己的卷宗", "mediator", COMMUNITY),
    DemoPerson(
        "justice", "司法行政干部", "段文良", "sifa", "和苑街道", "全街道的矛调中心、调委会、调解员名册，协办积案，卷宗只见数字", "justice_officer", STREET
    ),
    DemoPerson(
        "supervisor", "司法行政干部", "祁连生", "qusifa", "全区", "督办积案：挂牌、核实、登记挂销；全区的名册，卷宗只见数字", "justice_officer", DISTRICT
    ),
    DemoPerson(
        "branch", "党支部书记", "贺春生", "zhibu", "和苑家园第1网格", "本支部的名册、党小组、组织关系转接、兜底的商户"
    ),
    DemoPerson(
        "party_officer", "党建干部", "闻静", "dangjian", "和苑街道", "全街道的党组织树、班子、届满提醒，党员姓名要写理由才看得到",
        "party_officer", STREET,
    ),
    DemoPerson(
        "officer", "街道干部", "郑伟", "jiedao", "和苑街道", "全街道的事件和单：督办、挂账，核实吹哨，部门考评", "street_officer", STREET
    ),
    DemoPerson("head", "街道领导", "马建军", "jiezhang", "和苑街道", "本街道情况，吹哨，督促超期", "street_head", STREET),
    DemoPerson("seat", "区级坐席员", "何静", "zuoxi", "全区", "全区的事件和单：热线来件、派遣、回访", "seat_operator", DISTRICT),
    DemoPerson(
        "district_head", "区级领导", "宋明远", "quji", "全区", "全区情况，督办、挂账，二次吹哨的报到", "district_head", DISTRICT
    ),
    DemoPerson(
        "department", "职能部门干部", "高翔", "chengguan", "区城市管理委", "派给本部门的事件：接收、处置、退回，哨单",
        "department_officer", DISTRICT, unit="chengguan",
    ),
    DemoPerson("arbiter", "裁定员", "韩立诚", "caijue", "全区", "多次退回的事件，部门对吹哨的异议", "arbiter", DISTRICT),
    DemoPerson("auditor", "审计管理员", "林静怡", "shenji", "全区", "访问日志，不见业务", "auditor", DISTRICT),
    DemoPerson(
        "system", "系统管理员", "罗斌", "xitong", "全区", "参数、菜单、网格，不见业务", "system_administrator", DISTRICT
    ),
    DemoPerson(
        "security", "安全管理员", "梁晨", "anquan", "全区", "账号、岗位、角色，不见业务", "security_administrator",
        DISTRICT,
    ),
    DemoPerson("standby", "应急账号", "值班员", "yingji", "全区", "写明理由可限时开启超级管理模式，全程留痕"),
)  # fmt: skip

BY_KEY = {person.key: person for person in PEOPLE}


def table() -> list[DemoPerson]:
    """Return the demo people for the sign-in pages and the start-up screen; nobody outside demo mode."""
    return list(PEOPLE) if settings.DEMO else []


COLUMNS = ("角色", "姓名", "登录名或手机号", "密码", "所在", "看什么")


def rows(people: Iterable[DemoPerson]) -> list[tuple[str, ...]]:
    """Return the table's cells; phone people sign in by a code that the page shows."""
    return [(p.title, p.name, p.login, p.password or "短信验证码", p.place, p.sees) for p in people]


def as_markdown(people: Iterable[DemoPerson]) -> str:
    """Return the table for the README."""
    lines = [COLUMNS, tuple("---" for _ in COLUMNS), *rows(people)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def as_text(people: Iterable[DemoPerson]) -> str:
    """Return the table aligned for a terminal, where a Chinese character takes two columns."""
    lines = [COLUMNS, *rows(people)]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
