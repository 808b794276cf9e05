"""Drafting a disclosure; what happens to one afterwards is the table's (parties/flow/disclosures.py)."""

from collections.abc import Iterable

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from governance.flow import NotYours, Refused, created_within_reach
from governance.models import User
from governance.models.matters import Channel
from parties.flow import DISCLOSURES
from parties.flow.disclosures import add_photos, check_readers
from parties.models import Disclosure, Member, Organisation, PartyOrgType


def may_disclose(user: User):
    """Return the organisations in force for which a person may draft a disclosure; a party group has none of its own."""
    rows = Organisation.objects.restrict(user, "keep").in_force()
    return rows.exclude(kind=PartyOrgType.GROUP)


@transaction.atomic
def draft_disclosure(
    *,
    by: User,
    organisation: Organisation,
    title: str,
    category: str,
    scope: str,
    body: str,
    readers: Iterable[Member] = (),
    photos: Iterable[UploadedFile] = (),
) -> Disclosure:
    """Draft what an organisation is going to disclose. Returns the draft.

    ``readers`` are members with an account, for the scope of certain people. Raises NotYours, Refused at the field it concerns,
    or ValidationError.
    """
    if not by.may("keep", organisation):
        raise NotYours
    if organisation.is_ended or organisation.kind == PartyOrgType.GROUP:
        raise Refused("请选择一个在用的党组织，党小组的由所在支部公开。", "organisation")
    named = check_readers(scope, readers, by)
    disclosure = Disclosure(
        organisation=organisation,
        title=title.strip(),
        category=category,
        scope=scope,
        body=body.strip(),
        channel=Channel.DESK,
        placed_by=by,
    )
    disclosure.stand()
    DISCLOSURES.open_matter(disclosure, by=by, label="起草", check=created_within_reach(by, "keep"))
    disclosure.readers.set(named)
    add_photos(disclosure, list(photos), by)
    return disclosure
