from django.apps import AppConfig


class PartiesConfig(AppConfig):
    name = "parties"
    verbose_name = "党建"

    def ready(self) -> None:
        from governance import home, intake, mine
        from grids import handover as handovers
        from parties import (
            cards,
            flow,  # noqa: F401  binds the transition tables to their models
            handover,
            serving_cards,
        )
        from parties.flow.wishes import order_ended
        from parties.services import imports  # noqa: F401  registers what is loaded at once
        from parties.services.members import adopt
        from parties.services.wishes import take_wish

        intake.adopting(adopt)
        intake.register("wish", "微心愿", take_wish, ending=order_ended)
        handovers.offer("wish", "代居民填的微心愿", handover.written)
        home.offer(*serving_cards.TILES)
        home.show(-5, serving_cards.open_wishes)
        home.show(20, cards.newest)
        for kind in serving_cards.MINE:
            mine.register(kind)
