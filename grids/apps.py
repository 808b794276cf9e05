from django.apps import AppConfig


class GridsConfig(AppConfig):
    name = "grids"
    verbose_name = "网格"

    def ready(self) -> None:
        from governance import home
        from grids import (
            cards,
            flow,  # noqa: F401  binds the transition table to its model
        )

        home.show(3, cards.worker)
        home.offer(*cards.TILES)
