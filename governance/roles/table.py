"""The table: every built-in role with its duty, the levels at which it can be held, and its permissions."""

from dataclasses import dataclass

from governance.roles.sets import (
    BACKLOG,
    CARE,
    CARE_WATCH,
    DISPATCH,
    HANDLE_TASKS,
    IMPORT,
    INCIDENT_DESK,
    KEEP_BRANCH,
    KEEP_CARE,
    KEEP_GRID,
    KEEP_MEDIATION,
    KEEP_PARTY,
    KEEP_REGISTER,
    KEEP_TEAM,
    KEEP_VOLUNTEERING,
    MEDIATION_WATCH,
    PARTY,
    REGISTER,
    REGISTER_WATCH,
    RUN_JOINTLY,
    RUN_SWEEPS,
    SCREEN,
    SERVE_COMMUNITY,
    SWEEP,
    SWEEP_WATCH,
    TASKS,
    WATCH,
    WHISTLE_DESK,
    WHISTLE_WATCH,
    WHISTLES,
    WISH_DESK,
    of,
)
from governance.territory import GridLevel

DISTRICT, STREET, COMMUNITY, BASE = GridLevel


@dataclass(frozen=True)
class RoleSpec:
    """One built-in role: Chinese name, duty in one sentence, levels, permissions; whether a post must name a unit."""

    key: str
    name: str
    duty: str
    levels: tuple[GridLevel, ...]
    permissions: frozenset[str]
    needs_unit: bool = False


BUILT_IN: tuple[RoleSpec, ...] = (
    RoleSpec(
        "seat_operator",
        "区级坐席员",
        "全天候掌握全区事项，受理和派单",
        (DISTRICT,),
        RUN_SWEEPS
        | REGISTER_WATCH
        | CARE_WATCH
        | WATCH
        | DISPATCH
        | INCIDENT_DESK
        | IMPORT
        | WHISTLE_WATCH
        | of("incidents", "supervise_incident")
        | of("grids", "reveal_teammember"),
    ),
    RoleSpec(
        "district_head",
        "区级领导",
        "掌握全区情况，督办，答复二次哨",
        (DISTRICT,),
        SWEEP_WATCH
        | REGISTER_WATCH
        | CARE_WATCH
        | WATCH
        | WHISTLE_WATCH
        | MEDIATION_WATCH
        | BACKLOG
        | TASKS
        | of("incidents", "supervise_incident", "answer_whistle"),
    ),
    RoleSpec(
        "arbiter",
        "裁定员",
        "裁定多次退回的事件由谁承办，裁定部门对吹哨的异议",
        (DISTRICT, STREET),
        WHISTLES
        | of("incidents", "view_incident", "arbitrate_incident", "arbitrate_whistleslip")
        | of("governance", "view_unit"),
    ),
    RoleSpec(
        "street_head",
        "街道领导",
        "掌握本街道情况，督促超期事项，吹哨，公布部门考评",
        (STREET,),
        RUN_SWEEPS
        | REGISTER_WATCH
        | CARE_WATCH
        | WATCH
        | WHISTLE_DESK
        | MEDIATION_WATCH
        | BACKLOG
        | TASKS
        | of("mediation", "assist_backlog")
        | of("incidents", "blow_whistle", "publish_evaluation")
        | of("grids", "reveal_teammember")
        | of("volunteers", "dispatch_order", "reveal_order", "export_order")
        | of("incidents", "supervise_incident", "dispatch_incident", "reveal_incident", "export_incident"),
    ),
    RoleSpec(
        "street_officer",
        "街道干部",
        "统筹各社区的事件和志愿服务，提请吹哨，组织部门考评",
        (STREET,),
        RUN_SWEEPS
        | REGISTER_WATCH
        | CARE_WATCH
        | WATCH
        | DISPATCH
        | KEEP_VOLUNTEERING
        | KEEP_TEAM
        | INCIDENT_DESK
        | IMPORT
        | WHISTLE_DESK
        | BACKLOG
        | HANDLE_TASKS
        | of("mediation", "assist_backlog")
        | of("incidents", "supervise_incident"),
    ),
    RoleSpec(
        "department_officer",
        "职能部门干部",
        "办理派给本部门的事项",
        (DISTRICT, STREET),
        of("volunteers", "view_order", "reveal_order")
        | of(
            "incidents",
            "view_incident",
            "view_closing",
            "view_callback",
            "handle_incident",
            "contact_incident",
            "export_incident",
            "handle_whistleslip",
            "export_whistleslip",
            "view_evaluationscore",
            "answer_evaluationscore",
            "export_evaluationscore",
        )
        | WHISTLES
        | BACKLOG
        | HANDLE_TASKS
        | of("mediation", "handle_backlog")
        | of("governance", "view_unit"),
        needs_unit=True,
    ),
    RoleSpec(
        "community_secretary",
        "社区书记",
        "主持本社区的受理、派单、审核和展示，管理社区党委的党组织",
        (COMMUNITY,),
        RUN_SWEEPS
        | SWEEP
        | KEEP_REGISTER
        | KEEP_CARE
        | WATCH
        | DISPATCH
        | KEEP_VOLUNTEERING
        | KEEP_GRID
        | KEEP_TEAM
        | INCIDENT_DESK
        | WHISTLES
        | MEDIATION_WATCH
        | KEEP_PARTY
        | RUN_JOINTLY
        | HANDLE_TASKS
        | SERVE_COMMUNITY
        | of("mediation", "register_dispute", "view_backlog")
        | of("incidents", "propose_whistle", "view_evaluation", "give_evaluation", "view_communityscore"),
    ),
    RoleSpec(
        "community_worker",
        "社区工作者",
        "协助书记受理和派单",
        (COMMUNITY,),
        SWEEP
        | SWEEP_WATCH
        | of("grids", "add_sweephelper", "delete_sweephelper")
        | KEEP_REGISTER
        | KEEP_CARE
        | WATCH
        | DISPATCH
        | INCIDENT_DESK
        | WHISTLES
        | HANDLE_TASKS
        | WISH_DESK
        | of("mediation", "register_dispute", "view_backlog")
        | of("grids", "contact_teammember"),
    ),
    RoleSpec(
        "grid_worker",
        "网格员",
        "走访网格，上报和核查事件，代居民点单",
        (BASE,),
        SWEEP
        | REGISTER
        | CARE
        | of("volunteers", "view_order", "place_order", "reveal_order")
        | of("parties", "place_microwish")
        | of(
            "incidents",
            "view_incident",
            "report_incident",
            "verify_incident",
            "reopen_incident",
            "reveal_incident",
        )
        | of("grids", "view_grid", "view_building", "view_entrance", "change_entrance")
        | of("grids", "view_teammember", "contact_teammember"),
    ),
    RoleSpec(
        "mediation_director",
        "矛调中心主任",
        "主持本级矛调中心：受理纠纷，指定调解员，结案归档",
        (DISTRICT, STREET, COMMUNITY),
        KEEP_MEDIATION
        | of(
            "mediation",
            "view_dispute",
            "register_dispute",
            "record_dispute",
            "direct_dispute",
            "reveal_dispute",
            "export_dispute",
            "count_dispute",
            "change_screeningreport",
            "delete_screeningreport",
            "view_review",
            "add_review",
            "change_review",
            "view_bulletin",
            "add_bulletin",
            "direct_backlog",
            "assist_backlog",
        )
        | SCREEN
        | BACKLOG,
    ),
    RoleSpec(
        "mediator",
        "调解员",
        "办理交给自己的调解卷宗",
        (DISTRICT, STREET, COMMUNITY),
        of(
            "mediation",
            "view_dispute",
            "register_dispute",
            "view_centre",
            "view_committee",
            "view_mediator",
            "view_review",
            "view_bulletin",
        )
        | SCREEN,
    ),
    RoleSpec(
        "justice_officer",
        "司法行政干部",
        "指导人民调解，管理调解组织名册，组织矛盾纠纷排查，汇总统计",
        (DISTRICT, STREET),
        KEEP_MEDIATION
        | MEDIATION_WATCH
        | BACKLOG
        | of(
            "mediation",
            "register_dispute",
            "erase_dispute",
            "add_screening",
            "change_screening",
            "direct_backlog",
            "assist_backlog",
        ),
    ),
    RoleSpec(
        "station_leader",
        "站长",
        "运营服务站点，派单和审核",
        (DISTRICT, STREET, COMMUNITY),
        WATCH
        | of(
            "volunteers",
            "dispatch_order",
            "reveal_order",
            "place_order",
            "approve_volunteer",
            "contact_volunteer",
            "review_showcase",
            "contact_showcase",
            "change_station",
            "change_team",
        ),
    ),
    RoleSpec(
        "team_leader",
        "志愿服务队队长",
        "接受派给本队的单，安排队员",
        (DISTRICT, STREET, COMMUNITY),
        of("volunteers", "view_order", "muster_order", "reveal_order", "view_team", "change_team"),
        needs_unit=True,
    ),
    RoleSpec("volunteer", "志愿者", "浏览接单大厅，接单和服务", (COMMUNITY,), of("volunteers", "seek_order")),
    RoleSpec(
        "party_officer",
        "党建干部",
        "管理本级以下的党组织：设置、班子、党员名册、兜底管理；召集联席会议，交办任务；党员的姓名和电话要写明理由才能看",
        (DISTRICT, STREET),
        ((KEEP_PARTY | RUN_JOINTLY) - of("parties", "contact_member", "contact_parttimemember"))
        | (SERVE_COMMUNITY - of("parties", "contact_dualregistration", "contact_pairing"))
        | of("parties", "reveal_member", "reveal_parttimemember", "reveal_dualregistration"),
    ),
    RoleSpec(
        "party_branch_secretary",
        "党支部书记",
        "主持本支部（党总支）工作，管好名册和党小组",
        (STREET, COMMUNITY, BASE),
        KEEP_BRANCH,
        needs_unit=True,
    ),
    RoleSpec(
        "party_group_leader", "党小组长", "联系本党小组的党员", (COMMUNITY, BASE), PARTY, needs_unit=True
    ),
    RoleSpec(
        "party_member",
        "党员",
        "看到本社区的微心愿，认领和实现；走访时代居民填微心愿",
        (COMMUNITY,),
        of("parties", "seek_microwish", "place_microwish"),
    ),
    RoleSpec(
        "auditor",
        "审计管理员",
        "只查看日志，不接触业务",
        (DISTRICT,),
        of("governance", "view_accessevent", "view_elevation", "view_share")
        | of("incidents", "view_sourcecall"),
    ),
    RoleSpec(
        "system_administrator",
        "系统管理员",
        "维护参数、菜单和网格数据，不接触业务",
        (DISTRICT,),
        of(
            "governance",
            "view_parameter",
            "change_parameter",
            "add_parameter",
            "view_heartbeat",
            "view_unit",
            "add_unit",
            "change_unit",
            "view_textmessage",
        )
        | of(
            "volunteers",
            "view_skill",
            "add_skill",
            "change_skill",
            "delete_skill",
            "view_serviceitem",
            "add_serviceitem",
            "change_serviceitem",
        )
        | of(
            "incidents",
            "view_majorclass",
            "add_majorclass",
            "change_majorclass",
            "view_minorclass",
            "add_minorclass",
            "change_minorclass",
            "view_source",
            "add_source",
            "change_source",
            "view_sourcecall",
            "view_whistlesituation",
            "add_whistlesituation",
            "change_whistlesituation",
        )
        | KEEP_GRID
        | of("grids", "view_grid", "add_grid", "view_building", "view_entrance")
        | of(
            "grids",
            *(
                f"{verb}_{name}"
                for verb in ("view", "add", "change")
                for name in ("patrolitem", "checklistitem")
            ),
        ),
    ),
    RoleSpec(
        "security_administrator",
        "安全管理员",
        "管理账号、岗位和角色，不接触业务",
        (DISTRICT,),
        of(
            "governance",
            "view_user",
            "add_user",
            "change_user",
            "view_post",
            "add_post",
            "change_post",
            "view_role",
            "add_role",
            "change_role",
            "view_unit",
        )
        | of("grids", "view_grid"),
    ),
)

#: What an account that signs in by phone and code may hold; every other post asks for a staff account, with password and
#: one-time code.
BY_PHONE = frozenset({"volunteer", "team_leader", "party_member"})

BY_KEY = {spec.key: spec for spec in BUILT_IN}
