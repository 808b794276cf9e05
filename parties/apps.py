from django.apps import AppConfig


class PartiesConfig(AppConfig):
    name = "parties"
    verbose_name = "党组织"

    def ready(self) -> None:
        from governance import home, intake, mine
        from parties import cards
        from parties.flow.wishes import order_ended
        from parties.services.members import adopt
        from parties.services.wishes import take_wish

        intake.adopting(adopt)
        intake.register("wish", "微心愿", take_wish, ending=order_ended)
        home.offer(*cards.TILES)
        home.show(-5, cards.open_wishes)
        for kind in cards.MINE:
            mine.register(kind)
