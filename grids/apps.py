from django.apps import AppConfig


class GridsConfig(AppConfig):
    name = "grids"
    verbose_name = "网格"

    def ready(self) -> None:
        from governance import home, intake
        from grids import cards
        from grids.services.care import clock  # what time does with care plans

        home.show(3, cards.worker)
        home.offer(*cards.TILES)
        intake.adopting(clock.adopt)
