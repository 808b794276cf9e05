from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "incidents"
    verbose_name = "事件"

    def ready(self) -> None:
        from governance import home, intake, mine, offline, parameters
        from grids import handover as handovers
        from incidents import (
            cards,
            flow,  # noqa: F401  binds the transition tables to their models
            handover,
        )
        from incidents.models.catalogue import SOS
        from incidents.services import imports  # noqa: F401  registers what loads tables
        from incidents.services.catalogue import check_sos_class
        from incidents.services.findings import offered
        from incidents.services.reporting import take_in

        intake.register("incident", "事件", take_in, found=offered, seen=True)
        offline.keep(
            works=cards.reports_for_others,
            pages=(
                r"^/incidents/work/$",
                r"^/incidents/new/$",
                r"^/incidents/[A-Z]{2}-[0-9-]+/([a-z_]+/)?$",
            ),
            shell=(("my_work", ""), ("snapshot", "?for=1")),
            pictures=(r"^/files/incidents/incidentphoto/[^/]+/thumb/$",),
        )
        handovers.offer("incident", "在手的事件", handover.in_hand, goes_on=handover.go_on)
        home.offer(*cards.TILES)
        parameters.checking(SOS, check_sos_class)
        for kind in cards.MINE:
            mine.register(kind)
