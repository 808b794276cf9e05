"""The one table of roles: which permissions each built-in role carries, and at which levels it can be held.

Written to the database after every migrate, app by app as Django creates the permissions. A district adds roles of its own
beside these; it cannot change a built-in one, so what docs/permissions.md says stays true.
"""

from governance.roles.table import BUILT_IN, BY_KEY, BY_PHONE, RoleSpec

__all__ = ["BUILT_IN", "BY_KEY", "BY_PHONE", "RoleSpec"]
