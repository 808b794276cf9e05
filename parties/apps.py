from django.apps import AppConfig


class PartiesConfig(AppConfig):
    name = "parties"
    verbose_name = "党建"

    def ready(self) -> None:
        from governance import home, intake
        from parties import (
            cards,
            flow,  # noqa: F401  binds the transition tables to their models
        )
        from parties.services import imports  # noqa: F401  registers what is loaded at once
        from parties.services.members import adopt

        intake.adopting(adopt)
        home.show(20, cards.newest)
