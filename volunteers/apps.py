from django.apps import AppConfig


class VolunteersConfig(AppConfig):
    name = "volunteers"
    verbose_name = "志愿服务"

    def ready(self) -> None:
        from governance import home, intake, mine
        from grids import handover as handovers
        from volunteers import (
            cards,
            flow,  # noqa: F401  binds the transition tables to their models
            handover,
        )
        from volunteers.services.orders import call_off, referred_to, take_in

        intake.register(
            "order",
            "志愿服务",
            take_in,
            referred=referred_to,
            found=lambda user: [("志愿服务", referred_to())],
            recall=call_off,
        )
        handovers.offer("order", "代居民点的单", handover.placed)
        home.offer(*cards.TILES)
        home.show(-20, cards.at_the_door)
        home.show(-10, cards.asked)
        home.show(5, cards.dishes)
        for kind in cards.MINE:
            mine.register(kind)
