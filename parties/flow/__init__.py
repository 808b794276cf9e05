"""The transition tables of the party organisation."""

from parties.flow.disclosures import DISCLOSURES
from parties.flow.meetings import MEETINGS
from parties.flow.projects import PROJECTS
from parties.flow.serving import CHECKINS
from parties.flow.tasks import TASKS
from parties.flow.transfers import TRANSFERS
from parties.flow.wishes import WISHES

__all__ = ["CHECKINS", "DISCLOSURES", "MEETINGS", "PROJECTS", "TASKS", "TRANSFERS", "WISHES"]
