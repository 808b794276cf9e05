"""How long a term lasts, by kind, and which reminder of its end is due. Asks no permission."""

from datetime import date, timedelta

from governance import parameters
from governance.territory import GridLevel, level_of
from parties import hints
from parties.models import BranchForm, Organisation, PartyOrgType, TermReminder

T, Stage = PartyOrgType, TermReminder.Stage
#: Kinds whose people are elected for a term here.
WITH_TERM = (T.COMMITTEE, T.GENERAL_BRANCH, T.BRANCH)
#: The second reminder.
MONTH = timedelta(days=31)


def years_of(organisation: Organisation) -> int:
    """Return how many years a term of this organisation lasts, by the district's parameters."""
    if organisation.kind == T.COMMITTEE:
        return parameters.value("parties.term_committee")
    in_community = level_of(organisation.grid_id) >= GridLevel.COMMUNITY
    of_residents = organisation.kind == T.GENERAL_BRANCH or organisation.form == BranchForm.GRID
    return parameters.value(
        "parties.term_community" if in_community and of_residents else "parties.term_other"
    )


def term_end(organisation: Organisation, since: date) -> date:
    """Return the last day of a term that begins on ``since``."""
    year = min(since.year + years_of(organisation), date.max.year)
    # Who begins on a 29 February ends on a 28th.
    day = (
        since.replace(year=year, day=28) if (since.month, since.day) == (2, 29) else since.replace(year=year)
    )
    return day - timedelta(days=1)


def stage_of(term_until: date, today: date) -> str:
    """Return which reminder of the end of a term is due, empty for none."""
    if term_until < today:
        return Stage.OVER
    if term_until - today <= MONTH:
        return Stage.MONTH
    return Stage.HALF_YEAR if term_until - today <= hints.SOON else ""


def words_of(organisation: Organisation, today: date) -> str:
    """Return the sentence that a reminder says: what stands on the organisation's page."""
    return "".join(hint.text for hint in hints.of_term(organisation, today))
