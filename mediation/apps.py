from django.apps import AppConfig


class MediationConfig(AppConfig):
    name = "mediation"
    verbose_name = "矛盾调解"

    def ready(self) -> None:
        from governance import home, intake, mine
        from mediation import (
            cards,
            flow,  # noqa: F401  binds the transition table to its model
        )
        from mediation.models import Category
        from mediation.services.registering import adopt, take_in

        intake.register(
            "dispute",
            "矛盾调解",
            take_in,
            referred=lambda: list(Category.choices),
            found=lambda: list(Category.choices),
            confidential=True,
        )
        intake.adopting(adopt)
        home.offer(*cards.TILES)
        home.show(-12, cards.asked)
        for kind in cards.MINE:
            mine.register(kind)
