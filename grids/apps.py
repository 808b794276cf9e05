from django.apps import AppConfig


class GridsConfig(AppConfig):
    name = "grids"
    verbose_name = "网格"

    def ready(self) -> None:
        from governance import home
        from grids import (
            cards,
            flow,  # noqa: F401  binds the transition table to its model
            sweep_cards,
        )

        home.show(-30, sweep_cards.running)
        home.show(3, cards.worker)
        home.offer(*cards.TILES, *sweep_cards.TILES)
