from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.db.models.signals import post_migrate


class DeskConfig(admin_apps.AdminConfig):
    """Django's admin, served by the portal's own site (governance/site.py)."""

    default = False
    default_site = "governance.site.PortalSite"


class GovernanceConfig(AppConfig):
    default = True
    name = "governance"
    verbose_name = "系统管理"

    def ready(self) -> None:
        from governance import (
            audit,
            checks,  # noqa: F401  registers the startup checks
            flow,
            imports,  # noqa: F401  binds what it does as time passes
        )
        from governance.roles.writing import sync_roles

        flow.on_tick(audit.end_lapsed)
        post_migrate.connect(sync_roles, dispatch_uid="governance.roles")
