"""Counts what a load made, and checks that its books agree: what would be a fault in life is a fault here."""

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Length

from demo.territory import streets_in_play
from demo.world import World
from governance.models import Notice, Post, TextMessage, Unit, User
from governance.territory import GridLevel
from grids.geometry import locate
from grids.models import (
    Building,
    Entrance,
    Grid,
    Handover,
    Household,
    Need,
    Premises,
    Project,
    Resident,
    TeamMember,
    Visit,
)
from grids.services import unenrolled
from incidents.flow import EVALUATIONS, INCIDENTS, SLIPS, WHISTLES
from incidents.models import (
    Callback,
    Closing,
    Incident,
    IncidentPhoto,
    IncidentStep,
    Whistle,
    WhistleSlip,
    WhistleStatus,
)
from incidents.models.incidents import AT_DESK, DONE, IncidentStatus
from mediation.flow import BACKLOGS, DISPUTES
from mediation.models import (
    Backlog,
    BacklogStatus,
    Centre,
    Committee,
    Dispute,
    Mediator,
    Room,
    ScreeningReport,
)
from parties.flow import (
    CHECKINS,
    DISCLOSURES,
    ELECTIONS,
    MEETINGS,
    PROJECTS,
    TASKS,
    TRANSFERS,
    WISHES,
)
from parties.models import (
    Conference,
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
    PartTimeMember,
    SecretaryProject,
    Task,
    Transfer,
)
from volunteers.flow import ORDERS, SHOWCASES
from volunteers.models import Claim, HoursEntry, Order, Showcase, ShowcasePhoto, Station, Team, Volunteer
from volunteers.models.orders import TAKING, OrderStatus
from volunteers.models.showcases import ShowcaseStatus


def counts(world: World) -> dict[str, str]:
    """Return what there is, as label and number."""
    levels = dict(Grid.objects.order_by().values_list("level").annotate(n=Count("pk")))
    orders = dict(Order.objects.order_by().values_list("status").annotate(n=Count("pk")))
    stories = dict(Showcase.objects.order_by().values_list("status").annotate(n=Count("pk")))
    incidents = dict(Incident.objects.order_by().values_list("status").annotate(n=Count("pk")))
    whistles = dict(Whistle.objects.order_by().values_list("status").annotate(n=Count("pk")))
    backlogs = dict(Backlog.objects.order_by().values_list("status").annotate(n=Count("pk")))
    kinds = dict(Organisation.objects.order_by().values_list("kind").annotate(n=Count("pk")))
    hours = HoursEntry.objects.aggregate(n=Sum("half_hours"))["n"] or 0
    return {
        "网格（区/街道/社区/基础网格）": "/".join(str(levels.get(int(level), 0)) for level in GridLevel),
        "楼栋、楼门": f"{Building.objects.count()}、{Entrance.objects.count()}",
        "住户、居民、场所": f"{Household.objects.count()}、{Resident.objects.count()}、{Premises.objects.count()}",
        "走访、需求、项目": f"{Visit.objects.count()}、{Need.objects.count()}、{Project.objects.count()}",
        "站点、单位": f"{Station.objects.count()}、{Unit.objects.count()}",
        "账号": f"{User.objects.count()}",
        "岗位（在任/全部）": f"{Post.objects.in_force().count()}/{Post.objects.count()}",
        "网格队伍、工作移交": f"{TeamMember.objects.in_office().count()}、{Handover.objects.count()}",
        "志愿者、服务队": f"{Volunteer.objects.count()}、{Team.objects.count()}",
        "订单": f"{sum(orders.values())}（{_listed(orders, OrderStatus)}）",
        "事件": f"{sum(incidents.values())}（{_listed(incidents, IncidentStatus)}），照片 {IncidentPhoto.objects.count()}",
        "吹哨": f"{sum(whistles.values())}（{_listed(whistles, WhistleStatus)}），哨单 {WhistleSlip.objects.count()}",
        "结案、回访": f"{Closing.objects.count()}、{Callback.objects.count()}",
        "订单红灯、黄灯": f"{Order.objects.red().count()}、{Order.objects.yellow().count()}",
        "事件红灯、黄灯": f"{Incident.objects.red().count()}、{Incident.objects.yellow().count()}",
        "接单、服务时长": f"{Claim.objects.count()} 次、{hours / 2:g} 小时",
        "矛调中心、调解室": f"{Centre.objects.count()}、{Room.objects.count()}",
        "调委会、调解员": f"{Committee.objects.count()}、{Mediator.objects.count()}",
        "排查记录、发现的纠纷": f"{ScreeningReport.objects.count()}、{Dispute.objects.exclude(found_in=None).count()}",
        "督办积案": f"{sum(backlogs.values())}（{_listed(backlogs, BacklogStatus)}）",
        "党组织（党工委/党委/党支部/党小组）": "/".join(str(kinds.get(kind, 0)) for kind in (1, 2, 4, 5)),
        "党员、党员中心户、兜底单位": f"{Member.objects.count()}、{HubHousehold.objects.count()}、{CoveredUnit.objects.count()}",
        "组织关系转接、换届、组织生活": f"{Transfer.objects.count()}、{Election.objects.count()}、{Meeting.objects.count()}",
        "兼职委员、联席会议、重点任务和议定事项": (
            f"{PartTimeMember.objects.count()}、{Conference.objects.count()}、{Task.objects.count()}"
        ),
        "微心愿、双报到、结对、书记项目": (
            f"{MicroWish.objects.count()}、{DualRegistration.objects.count()}、{Pairing.objects.count()}、"
            f"{SecretaryProject.objects.count()}"
        ),
        "党务公开": f"{Disclosure.objects.count()}",
        "晒单": f"{sum(stories.values())}（{_listed(stories, ShowcaseStatus)}），照片 {ShowcasePhoto.objects.count()}",
        "通知、短信": f"{Notice.objects.count()}、{TextMessage.objects.count()}",
    }


def _listed(numbers: dict[str, int], choices) -> str:
    return "，".join(f"{choices(key).label} {numbers[key]}" for key in choices.values if key in numbers)


def faults(world: World) -> list[str]:
    """Return a sentence for every kind of disagreement; an empty list is a sound district."""
    found = {
        "订单的已接人数与接单不符": _oversold(),
        "时长与接单不符": HoursEntry.objects.filter(kind="earn")
        .exclude(half_hours=F("claim__half_hours"))
        .count(),
        "已确认的服务没有记时长": Claim.objects.filter(
            status="served", order__status__in=(OrderStatus.CONFIRMED, OrderStatus.RATED), hours=None
        ).count(),
        "未确认的服务已记时长": HoursEntry.objects.exclude(
            claim__order__status__in=(OrderStatus.CONFIRMED, OrderStatus.RATED)
        ).count(),
        "网格没有网格员": _without_worker(world),
        "有岗位的网格员不在队伍里": unenrolled(Post.objects.all()).count(),
        "调解员没有岗位": Mediator.objects.exclude(
            user__posts__in=Post.objects.in_force(), user__posts__role__in=("mediator", "mediation_director")
        ).count(),
        **_of_incidents(),
        **_of_parties(),
    }
    for flow in (
        ORDERS,
        SHOWCASES,
        Volunteer.flow,
        INCIDENTS,
        WHISTLES,
        SLIPS,
        EVALUATIONS,
        DISPUTES,
        BACKLOGS,
        TRANSFERS,
        ELECTIONS,
        MEETINGS,
        DISCLOSURES,
        WISHES,
        CHECKINS,
        PROJECTS,
        TASKS,
    ):
        label = flow.model._meta.verbose_name
        told = flow.model.objects.order_by().annotate(
            n=Count("steps"), last=Max("steps__seq"), first=Min("steps__seq")
        )
        found[f"{label}的步骤不连续"] = told.exclude(n=F("version"), last=F("version"), first=1).count()
        newest = flow.step.objects.filter(matter=OuterRef("pk")).order_by("-seq").values("to_status")[:1]
        found[f"{label}的状态与最后一步不符"] = told.exclude(status=Subquery(newest)).count()
        found[f"{label}的步骤在将来"] = flow.step.objects.filter(at__gt=world.now).count()
        ended = Q(status__in=flow.final)
        found[f"{label}办结与状态不符"] = flow.model.objects.filter(
            (ended & Q(closed_at=None)) | (~ended & Q(closed_at__isnull=False))
        ).count()
    return [f"{what}：{number}" for what, number in found.items() if number]


def _of_incidents() -> dict[str, int]:
    """Return how many incidents contradict themselves, by what is wrong."""
    rows = Incident.objects.order_by()
    passed = IncidentStep.objects.filter(matter=OuterRef("incident"), action="verify_pass", at=OuterRef("at"))
    rated = Callback.objects.filter(
        incident=OuterRef("pk"), counted=True, satisfaction=OuterRef("satisfaction")
    )
    pictured = IncidentPhoto.objects.filter(incident=OuterRef("pk"), stage=IncidentPhoto.Stage.HANDLED)
    return {
        "已结案的事件没有结案记录": rows.filter(status__in=DONE, closings=None).count(),
        "结案记录没有对应的核查": Closing.objects.exclude(Exists(passed)).count(),
        "核查通过没有结案记录": IncidentStep.objects.filter(action="verify_pass").count()
        - Closing.objects.count(),
        "评价与回访记录不符": rows.filter(satisfaction__isnull=False).exclude(Exists(rated)).count(),
        "办结没有处置照片": rows.filter(status__in=DONE, minor_class__needs_photo=True)
        .exclude(Exists(pictured))
        .count(),
        "退回待派的事件仍在承办人手里": rows.filter(status__in=AT_DESK | {"disputed"})
        .exclude(unit=None, worker=None)
        .count(),
        "退回的单位又在承办": _returned_and_held(),
        "处置人自己核查": Closing.objects.filter(incident__handler=F("verified_by")).count(),
        "办结的吹哨还有部门没有答复": WhistleSlip.objects.filter(
            closed_at=None, whistle__closed_at__isnull=False
        ).count(),
        "并入的主件又并入别处": rows.filter(merged_into__merged_into__isnull=False).count(),
        "事件的位置不在所属网格": sum(
            locate(x, y) != code
            for code, x, y in rows.filter(longitude__isnull=False).values_list(
                "grid", "longitude", "latitude"
            )
        ),
    }


def _of_parties() -> dict[str, int]:
    """Return how many rows of the party organisation contradict themselves, by what is wrong."""
    strayed = Member.objects.on_roll().exclude(group=None).exclude(group__parent=F("organisation"))
    return {
        "党员的党小组不在本支部": strayed.count(),
        "党员的隶属路径与党组织不符": Member.objects.filter(group=None)
        .exclude(units=F("organisation__units"))
        .count(),
        "党组织的隶属路径与上级不符": sum(
            path != [*above, unit]
            for path, above, unit in Organisation.objects.exclude(parent=None).values_list(
                "units", "parent__units", "unit"
            )
        ),
        "书记不是本支部的党员": Officer.objects.in_office()
        .filter(duty="secretary")
        .exclude(member__organisation=F("organisation"))
        .count(),
    }


def _returned_and_held() -> int:
    """Return how many incidents are with a unit that has given them back, unless an arbiter decided so."""
    returned = IncidentStep.objects.filter(
        action="return_back", matter__unit__isnull=False, matter__designated=False
    )
    return sum(data["by"] == unit for data, unit in returned.order_by().values_list("data", "matter__unit"))


def _oversold() -> int:
    taking = Count("claims", filter=Q(claims__status__in=TAKING))
    return Order.objects.order_by().annotate(counted=taking).exclude(taken=F("counted")).count()


def _without_worker(world: World) -> int:
    kept = set(Post.objects.in_force().filter(role="grid_worker").values_list("grid", flat=True))
    bases = Grid.objects.annotate(length=Length("code")).filter(length=int(GridLevel.BASE))
    streets = streets_in_play(world)
    return sum(code not in kept for code in bases.values_list("code", flat=True) if code[:9] in streets)
