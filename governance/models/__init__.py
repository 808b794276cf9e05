"""The kernel's nouns: people and posts, the territorial base, matters and steps, the front door, logs."""

from governance.models.audit import AccessEvent, AppendOnly, Elevation, Share
from governance.models.base import Territorial
from governance.models.files import Photo, PhotoUpload
from governance.models.imports import ImportState, TableImport, TableRow
from governance.models.matters import Matter, MatterQuerySet, NumberSeries, Step
from governance.models.messages import Intake, Notice, TextMessage
from governance.models.people import Post, Role, Unit, User
from governance.models.system import Heartbeat, IdempotencyKey, Parameter
from governance.models.tokens import ApiToken

__all__ = [
    "AccessEvent",
    "ApiToken",
    "AppendOnly",
    "Elevation",
    "Heartbeat",
    "IdempotencyKey",
    "ImportState",
    "Intake",
    "Matter",
    "MatterQuerySet",
    "Notice",
    "NumberSeries",
    "Parameter",
    "Photo",
    "PhotoUpload",
    "Post",
    "Role",
    "Share",
    "Step",
    "TableImport",
    "TableRow",
    "Territorial",
    "TextMessage",
    "Unit",
    "User",
]
