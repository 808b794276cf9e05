from django.apps import AppConfig


class VolunteersConfig(AppConfig):
    name = "volunteers"
    verbose_name = "志愿服务"

    def ready(self) -> None:
        from governance import intake
        from volunteers import flow  # noqa: F401  binds the transition tables to their models
        from volunteers.services.orders import take_in

        intake.register("order", "点单", take_in)
