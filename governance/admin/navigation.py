"""The sidebar of the desk: what a person may see somewhere, in groups, the day's work first.

A page that a deployment does not serve, or a person may not see, is left out.
"""

from functools import cache
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, get_urlconf, reverse

from governance.views.pages import unread

#: (group, [(word, Material symbol, address name, permission or None)]).
SIDEBAR = (
    ("", (("工作台", "dashboard", "admin:index", None), ("通知", "notifications", "notices", None))),
    (
        "事件",
        (
            ("事件", "report", "admin:incidents_incident_changelist", "incidents.view_incident"),
            ("事件统计", "monitoring", "admin:incidents_figures", "incidents.view_incident"),
            ("回访记录", "call", "admin:incidents_callback_changelist", "incidents.view_callback"),
            (
                "批量导入",
                "upload_file",
                "admin:incidents_incidentimport_changelist",
                "incidents.view_incidentimport",
            ),
            ("吹哨", "campaign", "admin:incidents_whistle_changelist", "incidents.view_whistle"),
            ("哨单", "assignment", "admin:incidents_whistleslip_changelist", "incidents.view_whistleslip"),
            ("部门考评", "grading", "admin:incidents_evaluation_changelist", "incidents.view_evaluation"),
            (
                "考评结果",
                "leaderboard",
                "admin:incidents_evaluationscore_changelist",
                "incidents.view_evaluationscore",
            ),
            ("事件小类", "category", "admin:incidents_minorclass_changelist", "incidents.change_minorclass"),
            (
                "事件大类",
                "account_tree",
                "admin:incidents_majorclass_changelist",
                "incidents.change_majorclass",
            ),
            ("来源系统", "sensors", "admin:incidents_source_changelist", "incidents.view_source"),
            (
                "接口日志",
                "receipt_long",
                "admin:incidents_sourcecall_changelist",
                "incidents.view_sourcecall",
            ),
        ),
    ),
    (
        "矛盾调解",
        (
            ("矛盾纠纷", "balance", "admin:mediation_dispute_changelist", "mediation.view_dispute"),
            ("登记纠纷", "edit_note", "admin:mediation_dispute_add", "mediation.register_dispute"),
            ("研判调度", "forum", "admin:mediation_rhythm", "mediation.count_dispute"),
            ("月通报", "campaign", "admin:mediation_bulletin_changelist", "mediation.view_bulletin"),
            (
                "排查行动",
                "travel_explore",
                "admin:mediation_screening_changelist",
                "mediation.view_screening",
            ),
            (
                "排查记录",
                "checklist",
                "admin:mediation_screeningreport_changelist",
                "mediation.view_screeningreport",
            ),
            ("卷宗档案", "inventory_2", "admin:mediation_archive_changelist", "mediation.view_archive"),
            ("督办积案", "flag", "admin:mediation_backlog_changelist", "mediation.view_backlog"),
            ("调解统计", "monitoring", "admin:mediation_figures", "mediation.count_dispute"),
            ("调阅卷宗", "manage_search", "admin:mediation_dispute_inspect", "mediation.inspect_dispute"),
            ("矛调中心", "handshake", "admin:mediation_centre_changelist", "mediation.view_centre"),
            (
                "人民调解委员会",
                "groups_2",
                "admin:mediation_committee_changelist",
                "mediation.view_committee",
            ),
            ("人民调解员", "person_pin", "admin:mediation_mediator_changelist", "mediation.view_mediator"),
        ),
    ),
    (
        "志愿服务",
        (
            ("服务订单", "volunteer_activism", "admin:volunteers_order_changelist", "volunteers.view_order"),
            ("晒单", "photo_library", "admin:volunteers_showcase_changelist", "volunteers.view_showcase"),
            ("志愿者", "diversity_3", "admin:volunteers_volunteer_changelist", "volunteers.view_volunteer"),
            ("志愿服务队", "groups", "admin:volunteers_team_changelist", "volunteers.view_team"),
            ("服务站点", "storefront", "admin:volunteers_station_changelist", "volunteers.view_station"),
            ("服务时长", "schedule", "admin:volunteers_hoursentry_changelist", "volunteers.view_hoursentry"),
            (
                "暖心菜单",
                "restaurant_menu",
                "admin:volunteers_serviceitem_changelist",
                "volunteers.view_serviceitem",
            ),
            ("技能", "construction", "admin:volunteers_skill_changelist", "volunteers.view_skill"),
            ("来件", "inbox", "admin:governance_intake_changelist", "governance.view_intake"),
            ("来件渠道", "alt_route", "channels", "governance.view_intake"),
        ),
    ),
    (
        "党建",
        (
            (
                "党组织",
                "account_tree",
                "admin:parties_organisation_changelist",
                "parties.view_organisation",
            ),
            ("党员", "badge", "admin:parties_member_changelist", "parties.view_member"),
            ("班子", "supervisor_account", "admin:parties_officer_changelist", "parties.view_officer"),
            ("换届选举", "how_to_vote", "admin:parties_election_changelist", "parties.view_election"),
            ("组织关系转接", "swap_horiz", "admin:parties_transfer_changelist", "parties.view_transfer"),
            (
                "党员中心户",
                "home_pin",
                "admin:parties_hubhousehold_changelist",
                "parties.view_hubhousehold",
            ),
            (
                "大工委和大党委",
                "hub",
                "admin:parties_jointcommittee_changelist",
                "parties.view_jointcommittee",
            ),
            (
                "兼职委员",
                "person_add",
                "admin:parties_parttimemember_changelist",
                "parties.view_parttimemember",
            ),
            ("联席会议", "groups_3", "admin:parties_conference_changelist", "parties.view_conference"),
            ("重点任务", "task_alt", "admin:parties_task_changelist", "parties.view_task"),
            ("组织生活", "event_note", "admin:parties_meeting_changelist", "parties.view_meeting"),
            ("本月安排", "calendar_month", "admin:parties_meeting_months", "parties.view_meeting"),
            ("组织生活看板", "fact_check", "admin:parties_meeting_board", "parties.view_meeting"),
            ("党务公开", "campaign", "admin:parties_disclosure_changelist", "parties.view_disclosure"),
            ("兜底管理", "umbrella", "admin:parties_coveredunit_changelist", "parties.view_coveredunit"),
            ("微心愿", "star", "admin:parties_microwish_changelist", "parties.view_microwish"),
            (
                "双报到",
                "how_to_reg",
                "admin:parties_dualregistration_changelist",
                "parties.view_dualregistration",
            ),
            ("结对共建", "handshake", "admin:parties_pairing_changelist", "parties.view_pairing"),
            (
                "书记项目",
                "emoji_flags",
                "admin:parties_secretaryproject_changelist",
                "parties.view_secretaryproject",
            ),
            (
                "党组织导入",
                "upload_file",
                "admin:parties_organisationimport_changelist",
                "parties.view_organisationimport",
            ),
            (
                "党员导入",
                "upload_file",
                "admin:parties_memberimport_changelist",
                "parties.view_memberimport",
            ),
            (
                "兜底单位导入",
                "upload_file",
                "admin:parties_coveredunitimport_changelist",
                "parties.view_coveredunitimport",
            ),
        ),
    ),
    (
        "网格",
        (
            ("网格", "grid_view", "admin:grids_grid_changelist", "grids.view_grid"),
            ("网格队伍", "groups", "admin:grids_teammember_changelist", "grids.view_teammember"),
            ("队伍统计", "monitoring", "admin:grids_teammember_figures", "grids.view_teammember"),
            ("工作移交", "swap_horiz", "admin:grids_handover_changelist", "grids.view_handover"),
            ("网格排查", "checklist", "admin:grids_sweep_changelist", "grids.view_sweep"),
            ("网格边界", "polyline", "admin:grids_grid_boundaries", "grids.view_boundary"),
            ("楼栋", "apartment", "admin:grids_building_changelist", "grids.view_building"),
            ("楼门", "door_front", "admin:grids_entrance_changelist", "grids.view_entrance"),
            ("探视计划", "health_and_safety", "admin:grids_careplan_changelist", "grids.view_careplan"),
            ("探视统计", "monitoring", "admin:grids_careplan_figures", "grids.count_careplan"),
            ("巡查点位", "pin_drop", "admin:grids_patrolpoint_changelist", "grids.view_patrolpoint"),
            ("巡查记录", "checklist", "admin:grids_patroltick_changelist", "grids.view_patroltick"),
            ("巡查覆盖", "monitoring", "admin:grids_patrolpoint_coverage", "grids.view_patrolpoint"),
            ("安全自查", "fact_check", "admin:grids_selfcheck_changelist", "grids.view_selfcheck"),
            ("场所隐患", "warning", "admin:grids_hazard_changelist", "grids.view_hazard"),
            ("逾期未自查", "storefront", "admin:grids_selfcheck_late", "grids.view_selfcheck"),
            ("自查统计", "bar_chart", "admin:grids_selfcheck_figures", "grids.view_selfcheck"),
            ("自查项目", "rule", "admin:grids_checklistitem_changelist", "grids.change_checklistitem"),
            (
                "巡查内容",
                "format_list_bulleted",
                "admin:grids_patrolitem_changelist",
                "grids.change_patrolitem",
            ),
        ),
    ),
    (
        "网格底册",
        (
            ("住户", "home", "admin:grids_household_changelist", "grids.view_household"),
            ("居民", "people", "admin:grids_resident_changelist", "grids.view_resident"),
            ("关爱需求", "favorite", "admin:grids_careneed_changelist", "grids.care_resident"),
            ("场所和组织", "storefront", "admin:grids_premises_changelist", "grids.view_premises"),
            ("设施", "fire_hydrant", "admin:grids_facility_changelist", "grids.view_facility"),
            ("走访", "directions_walk", "admin:grids_visit_changelist", "grids.view_visit"),
            ("走访覆盖", "fact_check", "admin:grids_visit_coverage", "grids.view_visit"),
            ("需求清单", "list_alt", "admin:grids_need_changelist", "grids.view_need"),
            ("网格项目", "construction", "admin:grids_project_changelist", "grids.view_project"),
            (
                "住户导入",
                "upload_file",
                "admin:grids_householdimport_changelist",
                "grids.view_householdimport",
            ),
            ("居民导入", "upload_file", "admin:grids_residentimport_changelist", "grids.view_residentimport"),
            ("场所导入", "upload_file", "admin:grids_premisesimport_changelist", "grids.view_premisesimport"),
        ),
    ),
    (
        "人员与岗位",
        (
            ("账号", "person", "admin:governance_user_changelist", "governance.view_user"),
            ("岗位", "badge", "admin:governance_post_changelist", "governance.view_post"),
            ("角色", "admin_panel_settings", "admin:governance_role_changelist", "governance.view_role"),
            ("单位", "domain", "admin:governance_unit_changelist", "governance.view_unit"),
        ),
    ),
    (
        "系统",
        (
            ("运行参数", "tune", "admin:governance_parameter_changelist", "governance.view_parameter"),
            ("短信", "sms", "admin:governance_textmessage_changelist", "governance.view_textmessage"),
            (
                "运行心跳",
                "monitor_heart",
                "admin:governance_heartbeat_changelist",
                "governance.view_heartbeat",
            ),
            ("访问日志", "history", "admin:governance_accessevent_changelist", "governance.view_accessevent"),
            ("超级管理模式", "key", "admin:governance_elevation_changelist", "governance.view_elevation"),
            ("个案授权", "share", "admin:governance_share_changelist", "governance.view_share"),
        ),
    ),
)


def _unread(request: HttpRequest) -> str:
    """Return how many notices the person has not read, in words; empty for none. Asked once for each page."""
    if not hasattr(request, "_unread_notices"):
        request._unread_notices = unread(request)
    number = request._unread_notices
    return "99+" if number > 99 else str(number or "")


@cache
def _address(name: str, urlconf: str | None) -> str:
    """Return where an entry leads; empty where the deployment does not serve it. The addresses stand once the process runs."""
    try:
        return reverse(name, urlconf)
    except NoReverseMatch:
        return ""


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the sidebar for this person: groups that still have an entry, the entry of the page she is on marked."""
    groups = []
    for title, entries in SIDEBAR:
        items = []
        for word, symbol, name, permission in entries:
            if permission is not None and not request.user.has_perm(permission):
                continue
            link = _address(name, get_urlconf())
            if not link:
                continue
            item = {"title": word, "icon": symbol, "link": link}
            if name == "notices" and (badge := _unread(request)):
                item["badge"] = badge
            items.append(item)
        if items:
            groups.append({"title": title, "items": items})
    entries = [item for group in groups for item in group["items"]]
    # A page of its own below a list (figures, a catalogue) is an entry too: the closest one is where she is.
    desk = reverse("admin:index")
    around = [item["link"] for item in entries if request.path.startswith(item["link"])]
    here = max((link for link in around if link != desk or request.path == desk), key=len, default="")
    for item in entries:
        item["active"] = item["link"] == here
    return groups
