"""Loading tables of the party organisation at once (批量导入)."""

from parties.services.imports.covered import COVERED
from parties.services.imports.members import MEMBERS
from parties.services.imports.organisations import ORGANISATIONS

__all__ = ["COVERED", "MEMBERS", "ORGANISATIONS"]
