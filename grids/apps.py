from django.apps import AppConfig


class GridsConfig(AppConfig):
    name = "grids"
    verbose_name = "网格"

    def ready(self) -> None:
        from governance import appointments, home
        from grids import cards
        from grids.services.team import follow_post

        appointments.following(follow_post)
        home.show(3, cards.worker)
        home.offer(*cards.TILES)
