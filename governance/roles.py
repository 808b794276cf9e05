"""The one table of roles: which permissions each built-in role carries, and at which levels it can be held.

Written to the database after every migrate, app by app as Django creates the permissions. A district adds roles of its own
beside these; it cannot change a built-in one, so what docs/permissions.md says stays true.
"""

from dataclasses import dataclass

from django.apps import apps
from django.contrib.auth.models import Permission

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


def _all(app: str, *names: str) -> frozenset[str]:
    return frozenset(f"{app}.{name}" for name in names)


#: Reading what happens in a place: orders, registrations, showcases, hours, posts; personal data stays masked.
WATCH = (
    _all(
        "volunteers",
        "view_order",
        "view_volunteer",
        "view_showcase",
        "view_hoursentry",
        "view_team",
        "view_station",
    )
    | _all("incidents", "view_incident", "view_closing", "view_callback")
    | _all("governance", "view_post", "view_intake", "view_unit")
    | _all("grids", "view_grid", "view_building", "view_entrance")
)

#: Running the order desk of a place. Residents' names, phones and doors stay masked to every post: whoever needs one
#: reveals it, with a reason and a line in the log. Volunteers registered to be reached by those who dispatch.
DISPATCH = _all(
    "volunteers",
    "dispatch_order",
    "cancel_order",
    "confirm_order",
    "amend_order",
    "place_order",
    "code_order",
    "reveal_order",
    "export_order",
    "approve_volunteer",
    "suspend_volunteer",
    "contact_volunteer",
    "reveal_volunteer",
    "export_volunteer",
    "review_showcase",
    "contact_showcase",
    "reveal_showcase",
)
#: Running the incident desk of a place: from what came in to the closing. Who handles it sees the reporter's contact; the
#: desk lifts the mask, with a reason.
INCIDENT_DESK = _all(
    "incidents",
    "report_incident",
    "dispatch_incident",
    "handle_incident",
    "verify_incident",
    "reopen_incident",
    "callback_incident",
    "supplement_incident",
    "reveal_incident",
    "export_incident",
)
#: Loading a file of another system's tickets.
IMPORT = _all("incidents", "import_incident", "view_incidentimport")
#: Reading the whistles of a place, and what became of them.
WHISTLES = _all("incidents", "view_whistle", "view_whistleslip")
#: Following a street's whistles and evaluating its departments; blowing and publishing are its heads' own.
WHISTLE_DESK = WHISTLES | _all(
    "incidents",
    "propose_whistle",
    "verify_whistle",
    "export_whistle",
    "supervise_whistleslip",
    "verify_whistleslip",
    "export_whistleslip",
    "view_evaluation",
    "score_evaluation",
    "view_evaluationscore",
    "export_evaluationscore",
    "view_communityscore",
)
#: What the district sees of whistles and evaluations, and urges.
WHISTLE_WATCH = WHISTLES | _all(
    "incidents",
    "export_whistle",
    "supervise_whistleslip",
    "export_whistleslip",
    "view_evaluation",
    "view_evaluationscore",
    "export_evaluationscore",
    "view_communityscore",
)
KEEP_VOLUNTEERING = _all(
    "volunteers",
    "add_team",
    "change_team",
    "add_station",
    "change_station",
    "change_volunteer",
    "add_hoursentry",
)
KEEP_GRID = _all(
    "grids",
    "change_grid",
    "add_building",
    "change_building",
    "delete_building",
    "add_entrance",
    "change_entrance",
    "delete_entrance",
)

#: The register of a place's mediation: centres, committees, mediators and who sits in when.
KEEP_MEDIATION = _all(
    "mediation",
    "view_centre",
    "add_centre",
    "change_centre",
    "view_committee",
    "add_committee",
    "change_committee",
    "view_mediator",
    "add_mediator",
    "change_mediator",
    "export_mediator",
)
#: What those above a centre have of disputes: figures, and, with a reason and for a time, one file.
MEDIATION_WATCH = _all(
    "mediation",
    "count_dispute",
    "inspect_dispute",
    "view_centre",
    "view_committee",
    "view_mediator",
    "view_bulletin",
) | _all("mediation", "view_screening", "view_screeningreport")
#: Going out to look for disputes, and writing down what came of it.
SCREEN = _all("mediation", "view_screening", "view_screeningreport", "add_screeningreport")
#: Backlog matters under supervision in a place, or led by a unit: read, and handed out as a table. No party is named in one.
BACKLOG = _all("mediation", "view_backlog", "export_backlog")

#: What everyone who works in a party organisation has: the tree below her, its roll, and what it looks after.
PARTY = _all(
    "parties",
    "view_organisation",
    "choose_organisation",
    "view_member",
    "contact_member",
    "view_officer",
    "view_hubhousehold",
    "view_coveredunit",
    "view_meeting",
    "hold_meeting",
    "read_disclosure",
    "seek_microwish",
    "view_secretaryproject",
)
#: Joint conferences and tasks of a place, or of a unit: read, and handed out as tables. They are no affairs of the party's own.
TASKS = _all("parties", "view_conference", "export_conference", "view_task", "export_task")
#: Doing what one's unit answers for.
HANDLE_TASKS = TASKS | _all("parties", "handle_task")
#: Keeping joint committees, holding conferences, setting tasks and looking whether they are done.
RUN_JOINTLY = TASKS | _all(
    "parties",
    "view_jointcommittee",
    "add_jointcommittee",
    "change_jointcommittee",
    "export_jointcommittee",
    "view_parttimemember",
    "add_parttimemember",
    "change_parttimemember",
    "contact_parttimemember",
    "export_parttimemember",
    "add_conference",
    "change_conference",
    "direct_task",
)
#: Keeping an organisation's own roll and affairs.
KEEP_BRANCH = PARTY | _all(
    "parties",
    "keep_organisation",
    "add_member",
    "change_member",
    "export_member",
    "add_hubhousehold",
    "change_hubhousehold",
    "change_coveredunit",
    "view_transfer",
    "ask_transfer",
    "decide_transfer",
    "export_meeting",
    "view_disclosure",
    "keep_disclosure",
    "review_disclosure",
    "export_disclosure",
    "propose_secretaryproject",
    "export_secretaryproject",
    "view_election",
    "hold_election",
)
#: Deciding about the organisations below one's own: setting up, renaming, merging, dissolving, who leads them.
KEEP_PARTY = KEEP_BRANCH | _all(
    "parties",
    "add_organisation",
    "change_organisation",
    "export_organisation",
    "add_officer",
    "change_officer",
    "add_coveredunit",
    "export_coveredunit",
    "export_transfer",
    "view_organisationimport",
    "view_memberimport",
    "view_coveredunitimport",
    "approve_disclosure",
    "decide_secretaryproject",
    "decide_election",
    "export_election",
)
#: The desk of a place's small wishes.
WISH_DESK = _all(
    "parties",
    "view_microwish",
    "place_microwish",
    "review_microwish",
    "reveal_microwish",
    "export_microwish",
)
#: What members and units do for a community: who registered with it, who is paired with it, besides its small wishes.
SERVE_COMMUNITY = WISH_DESK | _all(
    "parties",
    "view_dualregistration",
    "record_dualregistration",
    "accept_dualregistration",
    "contact_dualregistration",
    "export_dualregistration",
    "view_pairing",
    "add_pairing",
    "change_pairing",
    "contact_pairing",
    "export_pairing",
)

BUILT_IN: tuple[RoleSpec, ...] = (
    RoleSpec(
        "seat_operator",
        "区级坐席员",
        "全天候掌握全区事项，受理和派单",
        (DISTRICT,),
        WATCH | DISPATCH | INCIDENT_DESK | IMPORT | WHISTLE_WATCH | _all("incidents", "supervise_incident"),
    ),
    RoleSpec(
        "district_head",
        "区级领导",
        "掌握全区情况，督办，答复二次哨",
        (DISTRICT,),
        WATCH
        | WHISTLE_WATCH
        | MEDIATION_WATCH
        | BACKLOG
        | TASKS
        | _all("incidents", "supervise_incident", "answer_whistle"),
    ),
    RoleSpec(
        "arbiter",
        "裁定员",
        "裁定多次退回的事件由谁承办，裁定部门对吹哨的异议",
        (DISTRICT, STREET),
        WHISTLES
        | _all("incidents", "view_incident", "arbitrate_incident", "arbitrate_whistleslip")
        | _all("governance", "view_unit"),
    ),
    RoleSpec(
        "street_head",
        "街道领导",
        "掌握本街道情况，督促超期事项，吹哨，公布部门考评",
        (STREET,),
        WATCH
        | WHISTLE_DESK
        | MEDIATION_WATCH
        | BACKLOG
        | TASKS
        | _all("mediation", "assist_backlog")
        | _all("incidents", "blow_whistle", "publish_evaluation")
        | _all("volunteers", "dispatch_order", "reveal_order", "export_order")
        | _all("incidents", "supervise_incident", "dispatch_incident", "reveal_incident", "export_incident"),
    ),
    RoleSpec(
        "street_officer",
        "街道干部",
        "统筹各社区的事件和志愿服务，提请吹哨，组织部门考评",
        (STREET,),
        WATCH
        | DISPATCH
        | KEEP_VOLUNTEERING
        | INCIDENT_DESK
        | IMPORT
        | WHISTLE_DESK
        | BACKLOG
        | HANDLE_TASKS
        | _all("mediation", "assist_backlog")
        | _all("incidents", "supervise_incident"),
    ),
    RoleSpec(
        "department_officer",
        "职能部门干部",
        "办理派给本部门的事项",
        (DISTRICT, STREET),
        _all("volunteers", "view_order", "reveal_order")
        | _all(
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
        | _all("mediation", "handle_backlog")
        | _all("governance", "view_unit"),
        needs_unit=True,
    ),
    RoleSpec(
        "community_secretary",
        "社区书记",
        "主持本社区的受理、派单、审核和展示，管理社区党委的党组织",
        (COMMUNITY,),
        WATCH
        | DISPATCH
        | KEEP_VOLUNTEERING
        | KEEP_GRID
        | INCIDENT_DESK
        | WHISTLES
        | MEDIATION_WATCH
        | KEEP_PARTY
        | RUN_JOINTLY
        | HANDLE_TASKS
        | SERVE_COMMUNITY
        | _all("mediation", "register_dispute", "view_backlog")
        | _all("incidents", "propose_whistle", "view_evaluation", "give_evaluation", "view_communityscore"),
    ),
    RoleSpec(
        "community_worker",
        "社区工作者",
        "协助书记受理和派单",
        (COMMUNITY,),
        WATCH
        | DISPATCH
        | INCIDENT_DESK
        | WHISTLES
        | HANDLE_TASKS
        | WISH_DESK
        | _all("mediation", "register_dispute", "view_backlog"),
    ),
    RoleSpec(
        "grid_worker",
        "网格员",
        "走访网格，上报和核查事件，代居民点单",
        (BASE,),
        _all("volunteers", "view_order", "place_order", "reveal_order")
        | _all("parties", "place_microwish")
        | _all(
            "incidents",
            "view_incident",
            "report_incident",
            "verify_incident",
            "reopen_incident",
            "reveal_incident",
        )
        | _all("grids", "view_grid", "view_building", "view_entrance", "change_entrance"),
    ),
    RoleSpec(
        "mediation_director",
        "矛调中心主任",
        "主持本级矛调中心：受理纠纷，指定调解员，结案归档",
        (DISTRICT, STREET, COMMUNITY),
        KEEP_MEDIATION
        | _all(
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
        _all(
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
        | _all(
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
        | _all(
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
        _all("volunteers", "view_order", "muster_order", "reveal_order", "view_team", "change_team"),
        needs_unit=True,
    ),
    RoleSpec(
        "volunteer", "志愿者", "浏览接单大厅，接单和服务", (COMMUNITY,), _all("volunteers", "seek_order")
    ),
    RoleSpec(
        "party_officer",
        "党建干部",
        "管理本级以下的党组织：设置、班子、党员名册、兜底管理；召集联席会议，交办任务；党员的姓名和电话要写明理由才能看",
        (DISTRICT, STREET),
        ((KEEP_PARTY | RUN_JOINTLY) - _all("parties", "contact_member", "contact_parttimemember"))
        | (SERVE_COMMUNITY - _all("parties", "contact_dualregistration", "contact_pairing"))
        | _all("parties", "reveal_member", "reveal_parttimemember", "reveal_dualregistration"),
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
        _all("parties", "seek_microwish", "place_microwish"),
    ),
    RoleSpec(
        "auditor",
        "审计管理员",
        "只查看日志，不接触业务",
        (DISTRICT,),
        _all("governance", "view_accessevent", "view_elevation", "view_share")
        | _all("incidents", "view_sourcecall"),
    ),
    RoleSpec(
        "system_administrator",
        "系统管理员",
        "维护参数、菜单和网格数据，不接触业务",
        (DISTRICT,),
        _all(
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
        | _all(
            "volunteers",
            "view_skill",
            "add_skill",
            "change_skill",
            "delete_skill",
            "view_serviceitem",
            "add_serviceitem",
            "change_serviceitem",
        )
        | _all(
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
        | _all("grids", "view_grid", "add_grid", "view_building", "view_entrance"),
    ),
    RoleSpec(
        "security_administrator",
        "安全管理员",
        "管理账号、岗位和角色，不接触业务",
        (DISTRICT,),
        _all(
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
        | _all("grids", "view_grid"),
    ),
)

#: What an account that signs in by phone and code may hold; every other post asks for a staff account, with password and
#: one-time code.
BY_PHONE = frozenset({"volunteer", "team_leader", "party_member"})

BY_KEY = {spec.key: spec for spec in BUILT_IN}


def sync_roles(sender, **kwargs) -> None:
    """Write the built-in roles and give them the permissions of the app that was just migrated (a post_migrate receiver,
    as Django's own creation of permissions is)."""
    Role = apps.get_model("governance", "Role")
    if not sender.models_module or not Role._meta.db_table:
        return
    from django.db import connection

    if Role._meta.db_table not in connection.introspection.table_names():
        return
    here = {
        p.codename: p
        for p in Permission.objects.filter(content_type__app_label=sender.label).select_related(
            "content_type"
        )
    }
    for spec in BUILT_IN:
        role, _ = Role.objects.update_or_create(
            key=spec.key,
            defaults={
                "name": spec.name,
                "duty": spec.duty,
                "levels": [int(level) for level in spec.levels],
                "needs_unit": spec.needs_unit,
                "is_builtin": True,
            },
        )
        wanted = {
            here[p.split(".")[1]]
            for p in spec.permissions
            if p.split(".")[0] == sender.label and p.split(".")[1] in here
        }
        held = set(role.permissions.filter(content_type__app_label=sender.label))
        if wanted != held:
            role.permissions.remove(*(held - wanted))
            role.permissions.add(*(wanted - held))
