from django.apps import AppConfig


class MediationConfig(AppConfig):
    name = "mediation"
    verbose_name = "矛盾调解"

    def ready(self) -> None:
        from governance import home, intake, mine
        from grids import handover as handovers
        from mediation import (
            cards,
            flow,  # noqa: F401  binds the transition table to its model
            handover,
        )
        from mediation.models import Category
        from mediation.services.registering import adopt, take_in

        intake.register(
            "dispute",
            "矛盾调解",
            take_in,
            referred=lambda: list(Category.choices),
            found=lambda user: [("矛盾调解", list(Category.choices))],
            confidential=True,
        )
        intake.adopting(adopt)
        handovers.offer("dispute", "登记待受理的纠纷", handover.registered, confidential=True)
        home.offer(*cards.TILES)
        home.show(-12, cards.asked)
        for kind in cards.MINE:
            mine.register(kind)
