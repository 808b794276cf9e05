"""What roles are put together from: permissions that go together because one duty needs them all."""


def of(app: str, *names: str) -> frozenset[str]:
    """Return permissions of one app."""
    return frozenset(f"{app}.{name}" for name in names)


#: Reading what happens in a place: orders, registrations, showcases, hours, posts; personal data stays masked.
WATCH = (
    of(
        "volunteers",
        "view_order",
        "view_volunteer",
        "view_showcase",
        "view_hoursentry",
        "view_team",
        "view_station",
    )
    | of("incidents", "view_incident", "view_closing", "view_callback")
    | of("governance", "view_post", "view_intake", "view_unit")
    | of("grids", "view_grid", "view_building", "view_entrance", "view_teammember")
)

#: Running the order desk of a place. Residents' names, phones and doors stay masked to every post: whoever needs one
#: reveals it, with a reason and a line in the log. Volunteers registered to be reached by those who dispatch.
DISPATCH = of(
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
INCIDENT_DESK = of(
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
IMPORT = of("incidents", "import_incident", "view_incidentimport")
#: Reading the whistles of a place, and what became of them.
WHISTLES = of("incidents", "view_whistle", "view_whistleslip")
#: Following a street's whistles and evaluating its departments; blowing and publishing are its heads' own.
WHISTLE_DESK = WHISTLES | of(
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
WHISTLE_WATCH = WHISTLES | of(
    "incidents",
    "export_whistle",
    "supervise_whistleslip",
    "export_whistleslip",
    "view_evaluation",
    "view_evaluationscore",
    "export_evaluationscore",
    "view_communityscore",
)
KEEP_VOLUNTEERING = of(
    "volunteers",
    "add_team",
    "change_team",
    "add_station",
    "change_station",
    "change_volunteer",
    "add_hoursentry",
)
KEEP_GRID = of(
    "grids",
    "change_grid",
    "view_boundary",
    "add_building",
    "change_building",
    "delete_building",
    "add_entrance",
    "change_entrance",
    "delete_entrance",
)

#: The register of a place's grid teams, and what is handed over as one of them leaves.
KEEP_TEAM = of(
    "grids",
    "view_teammember",
    "add_teammember",
    "change_teammember",
    "contact_teammember",
    "export_teammember",
    "view_handover",
    "change_handover",
)

#: The register of a place's mediation: centres, committees, mediators and who sits in when.
KEEP_MEDIATION = of(
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
MEDIATION_WATCH = of(
    "mediation",
    "count_dispute",
    "inspect_dispute",
    "view_centre",
    "view_committee",
    "view_mediator",
    "view_bulletin",
) | of("mediation", "view_screening", "view_screeningreport")
#: Going out to look for disputes, and writing down what came of it.
SCREEN = of("mediation", "view_screening", "view_screeningreport", "add_screeningreport")
#: Backlog matters under supervision in a place, or led by a unit: read, and handed out as a table. No party is named in one.
BACKLOG = of("mediation", "view_backlog", "export_backlog")

#: What everyone who works in a party organisation has: the tree below her, its roll, and what it looks after.
PARTY = of(
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
TASKS = of("parties", "view_conference", "export_conference", "view_task", "export_task")
#: Doing what one's unit answers for.
HANDLE_TASKS = TASKS | of("parties", "handle_task")
#: Keeping joint committees, holding conferences, setting tasks and looking whether they are done.
RUN_JOINTLY = TASKS | of(
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
KEEP_BRANCH = PARTY | of(
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
KEEP_PARTY = KEEP_BRANCH | of(
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
WISH_DESK = of(
    "parties",
    "view_microwish",
    "place_microwish",
    "review_microwish",
    "reveal_microwish",
    "export_microwish",
)
#: What members and units do for a community: who registered with it, who is paired with it, besides its small wishes.
SERVE_COMMUNITY = WISH_DESK | of(
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

#: Walking a grid's round, keeping its points, and the safety checks of its shops: seeing them, filling them in, looking what was mended.
PATROL = of(
    "grids",
    "view_patrolpoint",
    "add_patrolpoint",
    "change_patrolpoint",
    "look_patrolpoint",
    "view_patroltick",
    "view_selfcheck",
    "add_selfcheck",
    "view_hazard",
    "change_hazard",
)
#: What is handed out of them as tables; a street and the district take it too.
PATROL_TABLES = of("grids", "export_patrolpoint", "export_patroltick", "export_selfcheck", "export_hazard")
#: What a street and the district see: which points were looked at, what was found, which shops check themselves. No person.
PATROL_WATCH = PATROL_TABLES | of(
    "grids", "view_patrolpoint", "view_patroltick", "view_selfcheck", "view_hazard"
)

#: Knowing a grid's register (底册) and keeping it: households, residents, premises, facilities; visiting, and what visits find.
REGISTER = PATROL | of(
    "grids",
    *(
        f"{verb}_{name}"
        for verb in ("view", "add", "change")
        for name in ("household", "resident", "premises", "facility", "need", "project")
    ),
    "view_visit",
    "add_visit",
    "contact_resident",
    "care_resident",
    "contact_premises",
)
#: The same at a community's desk, which also hands the lists out as tables.
KEEP_REGISTER = (
    REGISTER
    | PATROL_TABLES
    | of(
        "grids",
        *(f"export_{name}" for name in ("household", "resident", "premises", "need", "project", "visit")),
        *(f"view_{name}import" for name in ("household", "resident", "premises")),
    )
)
#: What a street and the district see of it: that households are visited, and what was found; no resident.
REGISTER_WATCH = PATROL_WATCH | of(
    "grids",
    *(
        f"view_{name}"
        for name in ("household", "premises", "facility", "visit", "need", "project", "boundary")
    ),
    "export_need",
    "export_project",
)

#: Looking in on people (四色探视) and keeping their plans. Names and phones stay masked to every post: a plan's own people see them
#: while it runs, others reveal them with a reason.
CARE = of("grids", *(f"{verb}_careplan" for verb in ("view", "add", "change", "look", "reveal", "count")))
#: The same at a community's desk, which also hands the list out as a table.
KEEP_CARE = CARE | of("grids", "export_careplan")
#: What a street and the district see of it: numbers, no plan.
CARE_WATCH = of("grids", "count_careplan")
#: Going from door to door in a sweep.
SWEEP = of("grids", "view_sweep", "view_sweeptarget", "answer_sweeptarget")
#: Looking how far a sweep is.
SWEEP_WATCH = of("grids", "view_sweep", "view_sweeptarget", "view_sweephelper")
#: Running sweeps, and naming who helps.
RUN_SWEEPS = SWEEP_WATCH | of(
    "grids", "start_sweep", "export_sweep", "export_sweeptarget", "add_sweephelper", "delete_sweephelper"
)
