from django.apps import AppConfig


class PartiesConfig(AppConfig):
    name = "parties"
    verbose_name = "党组织"

    def ready(self) -> None:
        from governance import intake
        from parties import flow  # noqa: F401  binds the transition tables to their models
        from parties.services.members import adopt

        intake.adopting(adopt)
