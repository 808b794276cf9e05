"""The transition tables of the party organisation."""

from parties.flow import reminders  # noqa: F401  what time asks for
from parties.flow.disclosures import DISCLOSURES
from parties.flow.elections import ELECTIONS
from parties.flow.meetings import MEETINGS
from parties.flow.projects import PROJECTS
from parties.flow.serving import CHECKINS
from parties.flow.tasks import TASKS
from parties.flow.transfers import TRANSFERS
from parties.flow.wishes import WISHES

__all__ = ["CHECKINS", "DISCLOSURES", "ELECTIONS", "MEETINGS", "PROJECTS", "TASKS", "TRANSFERS", "WISHES"]
