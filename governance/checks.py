"""What must hold before the portal starts: every model has a rule, and what is readable by all is on a list.

Each finding is an error, so that a forgotten model stops the server instead of opening it.
"""

from django.apps import apps
from django.core.checks import Error, register

from governance.permissions import DistrictWide, Either, Jurisdiction, OwnOnly, Reference, Through, rule_of

#: Ours; other packages' models are reached only through ours.
APPS = ("governance", "grids", "incidents", "volunteers", "mediation", "parties")

#: Models that everyone may read: naming them here is the decision.
PUBLIC_REFERENCE = {
    "grids.ChecklistItem",
    "grids.PatrolItem",
    "incidents.MajorClass",
    "incidents.MinorClass",
    "incidents.WhistleSituation",
    "volunteers.ServiceItem",
    "volunteers.Skill",
}

#: Models without a place that a district-level post reaches as a whole.
DISTRICT_WIDE = {
    "governance.AccessEvent",
    "governance.Elevation",
    "governance.Heartbeat",
    "governance.Parameter",
    "governance.Role",
    "governance.Share",
    "governance.TextMessage",
    "governance.User",
    "incidents.Source",
    "incidents.SourceCall",
}


def our_models() -> list:
    """Return every model of our apps, history tables and automatic link tables left out."""
    return [
        model
        for label in APPS
        if apps.is_installed(label)
        for model in apps.get_app_config(label).get_models()
        if not hasattr(model, "instance_type") and not model.__name__.startswith("Historical")
    ]


@register("portal")
def every_model_has_a_rule(app_configs, **kwargs) -> list[Error]:
    """Find models without a rule, unlisted open ones, and territorial rules without the columns they need."""
    errors = []
    for model in our_models():
        label = model._meta.label
        try:
            rule = rule_of(model)
        except LookupError:
            errors.append(
                Error(f"{label} has no permission rule", hint="Give it a `rule`.", id="portal.E001")
            )
            continue
        fields = {field.name for field in model._meta.get_fields()}
        if isinstance(rule, Reference):
            if label not in PUBLIC_REFERENCE:
                errors.append(
                    Error(
                        f"{label} is readable by all but not listed in governance/checks.py", id="portal.E002"
                    )
                )
        elif isinstance(rule, DistrictWide):
            if label not in DISTRICT_WIDE:
                errors.append(
                    Error(
                        f"{label} is district-wide but not listed in governance/checks.py", id="portal.E003"
                    )
                )
        elif isinstance(rule, Jurisdiction | Either):
            places = rule.places if isinstance(rule, Either) else (rule,)
            missing = {column for each in places for column in (*each.columns.values(), each.base)} - fields
            if missing:
                errors.append(Error(f"{label} lacks {sorted(missing)}", id="portal.E004"))
        elif isinstance(rule, Through):
            if rule.via not in fields:
                errors.append(Error(f"{label} has no field {rule.via}", id="portal.E005"))
        elif not isinstance(rule, OwnOnly):
            errors.append(Error(f"{label} has a rule of an unknown kind", id="portal.E006"))
    return errors


@register("portal")
def every_action_has_a_permission(app_configs, **kwargs) -> list[Error]:
    """Find transition tables and roles that name a permission no model has."""
    from governance.models import Matter
    from governance.roles import BUILT_IN

    known = {
        f"{model._meta.app_label}.{codename}"
        for model in our_models()
        for codename in [
            *(f"{verb}_{model._meta.model_name}" for verb in model._meta.default_permissions),
            *(name for name, _ in model._meta.permissions),
        ]
    }
    errors = [
        Error(f"role {spec.key} names the unknown permission {name}", id="portal.E007")
        for spec in BUILT_IN
        for name in sorted(spec.permissions - known)
    ]
    for model in our_models():
        if not issubclass(model, Matter):
            continue
        flow = getattr(model, "flow", None)
        if flow is None:
            errors.append(Error(f"{model._meta.label} has no flow", id="portal.E008"))
            continue
        for action in sorted(flow.permission_actions()):
            if f"{model._meta.app_label}.{action}_{model._meta.model_name}" not in known:
                errors.append(
                    Error(f"{model._meta.label}: no permission for action {action}", id="portal.E009")
                )
    return errors
