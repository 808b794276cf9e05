from django.apps import AppConfig


class MediationConfig(AppConfig):
    name = "mediation"
    verbose_name = "矛盾调解"

    def ready(self) -> None:
        from governance import home, intake
        from mediation import (
            cards,
            flow,  # noqa: F401  binds the transition table to its model
        )
        from mediation.models import Category
        from mediation.services.registering import take_in

        intake.register(
            "dispute", "矛盾调解", take_in, referred=lambda: list(Category.choices), confidential=True
        )
        home.offer(*cards.TILES)
