from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "incidents"
    verbose_name = "事件"

    def ready(self) -> None:
        from governance import home, intake, mine
        from grids import findings
        from incidents import (
            cards,
            flow,  # noqa: F401  binds the transition tables to their models
        )
        from incidents.services import imports  # noqa: F401  registers what loads tables
        from incidents.services.findings import offered, take
        from incidents.services.reporting import take_in

        intake.register("incident", "事件", take_in)
        findings.register(offered, take)
        home.offer(*cards.TILES)
        for kind in cards.MINE:
            mine.register(kind)
