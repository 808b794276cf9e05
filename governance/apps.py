from django.apps import AppConfig
from django.db.models.signals import post_migrate


class GovernanceConfig(AppConfig):
    name = "governance"
    verbose_name = "系统管理"

    def ready(self) -> None:
        from governance import checks  # noqa: F401  registers the startup checks
        from governance.roles import sync_roles

        post_migrate.connect(sync_roles, dispatch_uid="governance.roles")
