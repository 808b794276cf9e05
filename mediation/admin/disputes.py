"""The disputes at the desk of a centre."""

from django.contrib import admin

from governance.admin.matters import MatterAdmin
from mediation.cards import TONES
from mediation.models import Dispute


@admin.register(Dispute)
class DisputeAdmin(MatterAdmin):
    tones = TONES
    also_shown = ("centre",)
