"""Values that differ between districts, each with a labelled default; the database keeps only what was changed.

``value(key)`` is the one way to read them.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

from governance.models import Parameter

#: A process reads the table at most this often; another process sees a change after as many seconds.
_SECONDS = 10
_copy: tuple[float, dict[str, Any]] = (0.0, {})


@dataclass(frozen=True)
class Spec:
    """One parameter: what it is called, its default, its bounds and where the default comes from."""

    key: str
    label: str
    default: Any
    unit: str = ""
    low: int | None = None
    high: int | None = None
    note: str = "系统默认值，可由系统管理员修改"

    def check(self, value: Any) -> Any:
        """Return the value in the default's type.

        Raises ValidationError with the sentence the administrator reads.
        """
        if isinstance(self.default, bool):
            if not isinstance(value, bool):
                raise ValidationError(f"“{self.label}”只能选是或否。")
            return value
        if isinstance(self.default, int):
            if isinstance(value, bool) or not isinstance(value, int):
                raise ValidationError(f"“{self.label}”要填整数。")
            if (self.low is not None and value < self.low) or (self.high is not None and value > self.high):
                raise ValidationError(f"“{self.label}”要在 {self.low} 到 {self.high} 之间。")
            return value
        if not isinstance(value, str) or len(value) > 200:
            raise ValidationError(f"“{self.label}”要填 200 字以内的文字。")
        return value


#: The law names no years.
KEEP = "系统默认值，法律没有规定年限，按本地档案管理要求填写"
#: The opinion of 2018 on the terms of base organisations.
TERMS = "默认值按 2018 年关于党的基层组织任期的意见：党委和村、社区的党组织 5 年，其他 3 年"

#: The sources name the four colours and no days.
CARE = "系统默认值，各地做法不一，按本区规定修改"

#: How often each kind of party organisations' meetings is due: key, words, months, source.
BRANCH_RULES = "默认值，《中国共产党支部工作条例（试行）》"
LIFE = (
    ("assembly", "党员大会几个月至少开一次", 3, f"{BRANCH_RULES}：一般每季度召开 1 次"),
    ("council", "支委会几个月至少开一次", 1, f"{BRANCH_RULES}：一般每月召开 1 次"),
    ("group", "党小组会几个月至少开一次", 1, f"{BRANCH_RULES}：一般每月召开 1 次"),
    ("lecture", "党课几个月至少上一次", 3, f"{BRANCH_RULES}只说定期，每季度一次是通行做法"),
    ("theme_day", "主题党日几个月至少一次", 1, f"{BRANCH_RULES}：每月相对固定 1 天"),
    ("life", "组织生活会几个月至少开一次", 12, f"{BRANCH_RULES}：每年至少召开 1 次"),
    ("review", "民主评议几个月至少一次", 12, f"{BRANCH_RULES}：一般每年开展 1 次"),
)
#: Whole periods of so many months fill a year.
LIFE_MONTHS = (0, 1, 2, 3, 4, 6, 12)

SPECS: dict[str, Spec] = {
    spec.key: spec
    for spec in [
        Spec("work.morning_from", "上午上班", "08:30"),
        Spec("work.morning_until", "上午下班", "12:00"),
        Spec("work.afternoon_from", "下午上班", "14:00"),
        Spec("work.afternoon_until", "下午下班", "18:00"),
        Spec("mediation.accept_within", "纠纷登记后多久内受理", 24, "工作小时", 1, 80),
        Spec("mediation.days", "调解期限", 30, "天", 7, 90, "《人民调解工作若干规定》一般一个月内调结"),
        Spec("mediation.follow_up_days", "协议生效后多久回访", 15, "天", 1, 90),
        Spec("mediation.keep_short", "卷宗短期保管几年", 5, "年", 1, 100, KEEP),
        Spec("mediation.keep_medium", "卷宗中期保管几年", 10, "年", 1, 100, KEEP),
        Spec("mediation.keep_long", "卷宗长期保管几年", 15, "年", 1, 100, KEEP),
        Spec(
            "mediation.filing_days",
            "调委会、调解员变动后多久内备案",
            30,
            "天",
            1,
            180,
            "各地规定不一，这里是系统默认值",
        ),
        Spec("mediation.viewing_hours", "调阅卷宗可看多久", 24, "小时", 1, 168),
        Spec(
            "mediation.backlog_communities",
            "积案督办一般每年选几个社区",
            2,
            "个",
            1,
            100,
            "系统默认值，只作提示，多选不拦",
        ),
        Spec("parties.term_committee", "党委每届几年", 5, "年", 1, 10, TERMS),
        Spec("parties.term_community", "社区党总支、网格党支部每届几年", 5, "年", 1, 10, TERMS),
        Spec("parties.term_other", "其他党总支、党支部每届几年", 3, "年", 1, 10, TERMS),
        Spec("ladder.street_after", "社区超期后多久上报街道", 4, "工作小时", 1, 80),
        Spec("ladder.district_after", "社区超期后多久上报区级", 15, "工作小时", 1, 160),
        Spec("orders.accept_within", "点单受理时限", 4, "工作小时", 1, 80),
        Spec("orders.serve_grace", "服务时段结束后多久仍未服务算超期", 4, "工作小时", 1, 80),
        Spec("orders.confirm_within", "服务后多少天未确认由社区代为确认", 3, "天", 1, 30),
        Spec("orders.street_after", "多久无人接单后向全街道开放", 4, "小时", 0, 240),
        Spec("orders.district_after", "多久无人接单后向全区开放", 12, "小时", 0, 480),
        Spec("orders.early_minutes", "最早可提前多久签到", 60, "分钟", 0, 10080),
        Spec("orders.offer_minutes", "候补名额保留时间", 30, "分钟", 5, 1440),
        Spec("orders.open_limit", "一个人同时未完成的点单上限", 5, "单", 1, 50),
        Spec("wishes.review_within", "微心愿提出后多久内审核", 16, "工作小时", 1, 80),
        Spec("wishes.claim_days", "公布后多久无人认领提醒社区", 10, "工作日", 1, 60),
        Spec("wishes.serve_days", "约定时间后多久仍未实现算超期", 5, "工作日", 1, 60),
        Spec("wishes.open_limit", "一个人同时未实现的微心愿上限", 3, "个", 1, 20),
        Spec("checkin.accept_within", "双报到提出后多久内接收", 16, "工作小时", 1, 80),
        Spec("projects.decide_days", "书记项目申报、报验后多久内答复", 10, "工作日", 1, 60),
        Spec("incidents.accept_within", "事件受理时限", 2, "工作小时", 1, 80),
        Spec("incidents.dispatch_within", "受理后多久须派遣", 2, "工作小时", 1, 80),
        Spec(
            "incidents.receive_risk",
            "危及生命财产的多久须接收",
            15,
            "分钟",
            1,
            240,
            "天津市政府令第 39 号实施细则",
        ),
        Spec(
            "incidents.receive_utility",
            "水电气热的多久须接收",
            30,
            "分钟",
            1,
            480,
            "天津市政府令第 39 号实施细则",
        ),
        Spec(
            "incidents.receive_days", "其他的多久须接收", 1, "工作日", 1, 10, "天津市政府令第 39 号实施细则"
        ),
        Spec("incidents.respond_within", "多久须联系诉求人", 24, "小时", 1, 240),
        Spec("incidents.returns_most", "退回几次后由裁定员指定承办", 3, "次", 1, 9),
        Spec("incidents.verify_within", "处置后多久须核查", 8, "工作小时", 1, 80),
        Spec("incidents.rework_within", "核查不通过后多久须整改", 8, "工作小时", 1, 160),
        Spec("incidents.reopen_days", "结案后多少天内可重新办理", 15, "天", 1, 180),
        Spec("incidents.callback_days", "结案后多少天内须回访", 15, "天", 1, 90),
        Spec("whistles.decide_within", "提请吹哨后多久须决定", 4, "工作小时", 1, 80),
        Spec(
            "whistles.red_report",
            "红色哨多久须到现场",
            30,
            "分钟",
            5,
            1440,
            "默认值，外区有 30 分钟到场的做法",
        ),
        Spec("whistles.red_settle", "红色哨多久须有结果", 24, "小时", 1, 240),
        Spec(
            "whistles.yellow_report",
            "黄色哨多久须报到",
            2,
            "工作小时",
            1,
            80,
            "默认值，外区有 2 小时到场的做法",
        ),
        Spec("whistles.yellow_settle", "黄色哨多久须有结果", 3, "工作日", 1, 60),
        Spec("whistles.blue_report", "蓝色哨多久须报到", 1, "工作日", 1, 30),
        Spec("whistles.blue_settle", "蓝色哨多久须有结果", 7, "工作日", 1, 120),
        Spec("whistles.second_reply", "二次哨区级领导多久须报到", 24, "小时", 1, 240),
        Spec("whistles.arbitrate_within", "部门异议多久须裁定", 8, "工作小时", 1, 80),
        Spec("whistles.verify_within", "部门都反馈后街道多久须核实", 8, "工作小时", 1, 160),
        Spec("evaluation.weight_completion", "考评中办结率的权重", 50, "%", 0, 100, "默认值，和平区的做法"),
        Spec(
            "evaluation.weight_satisfaction",
            "考评中居民满意度的权重",
            20,
            "%",
            0,
            100,
            "默认值，和平区的做法",
        ),
        Spec("evaluation.weight_felt", "考评中社区服务感受的权重", 30, "%", 0, 100, "默认值，和平区的做法"),
        Spec(
            "evaluation.share",
            "街道考评占部门年度考核的比重",
            50,
            "%",
            0,
            100,
            "默认值，红桥区 50 %，和平区不低于 30 %",
        ),
        Spec("evaluation.excellent_from", "多少分以上为优秀", 90, "分", 1, 100),
        Spec("evaluation.good_from", "多少分以上为良好", 75, "分", 0, 99),
        Spec("evaluation.small_number", "分母少于多少时注明样本少", 5, "件", 1, 100),
        Spec("evaluation.words_below", "社区打分低于多少须写说明", 80, "分", 0, 100),
        Spec("evaluation.score_days", "社区打分用几个工作日", 5, "工作日", 1, 60),
        Spec("evaluation.review_days", "街道复核用几个工作日", 5, "工作日", 1, 60),
        *(
            Spec(f"life.{key}_months", f"{words}（0 为不作要求）", months, "个月", 0, 12, source)
            for key, words, months, source in LIFE
        ),
        Spec("life.record_days", "组织生活开过以后几天内要记录", 7, "天", 1, 60),
        Spec(
            "visits.months",
            "每户、每个场所几个月至少走访一次",
            6,
            "个月",
            1,
            24,
            "默认值，红桥区每半年至少一次",
        ),
        Spec("register.care_months", "关爱需求一次最多登记几个月", 12, "个月", 1, 36),
        Spec("register.keep_months", "居民离开后多久删除其信息", 12, "个月", 0, 60),
        Spec("care.red_days", "红色几天看一次", 1, "天", 1, 31, CARE),
        Spec("care.orange_days", "橙色几天看一次", 3, "天", 1, 62, CARE),
        Spec("care.yellow_days", "黄色几天看一次", 7, "天", 1, 93, CARE),
        Spec("care.green_days", "绿色几天看一次", 30, "天", 1, 186, CARE),
        Spec(
            "care.items",
            "探视看什么（用顿号隔开）",
            "精神状态、吃饭喝水、按时吃药、水电气、门窗地面、有没有难处",
        ),
        Spec("care.most_days", "一次同意最长管几天", 366, "天", 30, 1098),
        Spec("care.community_after", "探视到期几个工作日后报社区", 1, "工作日", 1, 30),
        Spec("care.street_after", "探视到期几个工作日后报街道", 3, "工作日", 1, 60),
        Spec("care.keep_days", "计划结束多少天后清除联系人和探视内容", 90, "天", 1, 1098),
        Spec("care.sos_class", "求助设备开哪个事件小类（编号）", "0711"),
        Spec("care.sos_again_minutes", "几分钟内再按算同一次求助", 10, "分钟", 1, 120),
        Spec("selfcheck.days", "九小场所几天自查一次", 30, "天", 1, 365),
        Spec(
            "sweeps.hours", "应急排查多久内完成", 3, "小时", 1, 72, "默认值，外区有三小时完成入户排查的做法"
        ),
        Spec("sweeps.hold_minutes", "排查时一户为一个人留多久", 5, "分钟", 1, 60),
        Spec("sweeps.lag_percent", "时间过半时完成不到多少算落后", 50, "%", 1, 100),
        Spec("volunteers.minimum_age", "志愿者最低年龄", 8, "岁", 6, 18),
        Spec("exports.most_rows", "一次导出的行数上限", 2000, "行", 100, 20000),
        Spec("superuser.minutes", "超级管理模式时长", 30, "分钟", 5, 120),
        Spec("sms.code_minutes", "验证码有效时间", 5, "分钟", 1, 15),
        Spec("sms.daily_most", "24 小时内最多给同一号码发几条进度短信", 10, "条", 1, 100),
        Spec("staff.idle_minutes", "工作人员多久未操作自动退出", 30, "分钟", 5, 240),
        Spec("staff.password_days", "工作人员密码有效期（0 为不限）", 90, "天", 0, 365),
        Spec("residents.session_days", "居民手机登录保持时间", 30, "天", 1, 90),
        Spec("portal.organiser", "主办单位", "（请在运行参数中填写主办单位）"),
        Spec("portal.record_number", "备案号", ""),
        Spec("portal.phone", "平台服务电话", ""),
    ]
}


#: The weights of an evaluation's three parts, and its bands from low to high.
WEIGHTS = ("evaluation.weight_completion", "evaluation.weight_satisfaction", "evaluation.weight_felt")
BANDS = ("evaluation.good_from", "evaluation.excellent_from")
#: The four times of a working day, from early to late.
WORKDAY = ("work.morning_from", "work.morning_until", "work.afternoon_from", "work.afternoon_until")


#: What an app checks of a parameter that names something of its own: raises ValidationError.
_checks: dict[str, Callable[[Any], None]] = {}


def checking(key: str, ask: Callable[[Any], None]) -> None:
    """Let an app refuse values of a parameter that name something of its own; repeating it changes nothing."""
    _checks[key] = ask


def value(key: str) -> Any:
    """Return the parameter's value: what the district set, or the default.

    Raises KeyError for a parameter that is not in the table.
    """
    global _copy
    spec = SPECS[key]
    if _copy[0] < time.monotonic():
        _copy = (time.monotonic() + _SECONDS, dict(Parameter.objects.values_list("key", "value")))
    return _copy[1].get(key, spec.default)


def forget() -> None:
    """Make this process read the table again."""
    global _copy
    _copy = (0.0, {})


def check(key: str, new: Any) -> Any:
    """Return a new value in the type of its default, checked by itself and beside its neighbours.

    Raises KeyError for an unknown parameter and ValidationError for a value that cannot be.
    """
    new = SPECS[key].check(new)
    if key in WORKDAY:
        day = [new if each == key else value(each) for each in WORKDAY]
        if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", new):
            raise ValidationError("请填写时间，例如 08:30。")
        if not day[0] < day[1] <= day[2] < day[3]:
            raise ValidationError("上班时间要从早到晚：上午上班 < 上午下班 ≤ 下午上班 < 下午下班。")
    if key.startswith("life.") and key.endswith("_months") and new not in LIFE_MONTHS:
        raise ValidationError("请填 0、1、2、3、4、6 或 12：周期要能把一年分完，0 为不作要求。")
    if key in WEIGHTS and not any(new if each == key else value(each) for each in WEIGHTS):
        raise ValidationError("三项权重不能都是 0。")
    if key in BANDS:
        good, excellent = (new if each == key else value(each) for each in BANDS)
        if good >= excellent:
            raise ValidationError("优秀线要高于良好线。")
    if key in _checks:
        _checks[key](new)
    return new


def change(key: str, new: Any) -> None:
    """Set a parameter.

    Raises what ``check`` raises.
    """
    Parameter.objects.update_or_create(key=key, defaults={"value": check(key, new)})
    forget()
