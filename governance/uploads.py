"""Pictures that come in pieces, so that a weak network goes on where it broke off and never begins again.

A phone names a picture itself, sends a piece at a time and says at which byte it begins; what is there decides, as in the tus protocol:
a piece that begins elsewhere is refused with the number of bytes that have come. The form that the pictures belong to is sent last; it
names them in the field ``arrived``, and finds them among its files as if they had come with it, so no form knows of pieces.
"""

import re
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import BinaryField, Count, F, Func, Q, Sum, Value
from django.http import HttpRequest
from django.utils import timezone

from governance.files import MOST_BYTES
from governance.models import PhotoUpload, User

#: Bytes of one piece.
MOST_IN_ONE = 1024 * 1024
#: Pictures, and bytes, that one account may have on the way; a form's are in memory at once.
MOST_PICTURES, MOST_ON_THE_WAY = 60, 4 * MOST_BYTES
#: How long nothing may have come of a picture before what is there is deleted.
KEPT = timedelta(days=2)
#: The form's field that names its pictures: "field:token:bytes" for each.
FIELD = "arrived"
_NAMED = re.compile(r"(\w{1,60}):([0-9a-f]{32}):([0-9]{1,9})", re.ASCII)


class Elsewhere(Exception):
    """A piece does not begin where the last one ended; ``received`` is where it ended (bytes)."""

    def __init__(self, received: int) -> None:
        super().__init__(received)
        self.received = received


class Missing(Exception):
    """A form names a picture that has not come, or not whole."""


def received(owner: User, token: str) -> int:
    """Return how many bytes of a picture have come."""
    rows = PhotoUpload.objects.filter(owner=owner, token=token)
    return rows.values_list("size", flat=True).first() or 0


def append(owner: User, token: str, start: int, piece: bytes, *, whole: int) -> int:
    """Put a piece that begins at byte ``start`` of the picture's ``whole`` behind what has come; return how many bytes have come then.
    Of two that send the same piece at once, one is refused.

    Raises Elsewhere where ``start`` is not the end of what has come; ValidationError ``too_large`` for a picture that no form would
    take, ``too_many`` where more is on the way already than may be; ValueError for a piece that goes beyond the picture's end.
    """
    if max(whole, start + len(piece)) > MOST_BYTES or len(piece) > MOST_IN_ONE:
        raise ValidationError(
            f"照片太大，一张不超过 {MOST_BYTES // 1024 // 1024} MB，请缩小后再发。", code="too_large"
        )
    if start + len(piece) > whole:
        raise ValueError("the piece is longer than what the picture lacks")
    rows = PhotoUpload.objects.filter(owner=owner)
    there = rows.aggregate(bytes=Sum("size", default=0), others=Count("pk", filter=~Q(token=token)))
    if there["bytes"] + len(piece) > MOST_ON_THE_WAY or there["others"] >= MOST_PICTURES:
        raise ValidationError("还没有发完的照片太多，请先把前面的发完。", code="too_many")
    if start == 0:
        rows.get_or_create(token=token, defaults={"owner": owner})
    longer = Func(
        F("content"), Value(piece), arg_joiner=" || ", template="%(expressions)s", output_field=BinaryField()
    )
    taken = rows.filter(token=token, size=start).update(
        content=longer, size=F("size") + len(piece), at=timezone.now()
    )
    if not taken:
        raise Elsewhere(received(owner, token))
    return start + len(piece)


def forget(owner: User, token: str) -> None:
    """Delete what has come of a picture."""
    PhotoUpload.objects.filter(owner=owner, token=token).delete()


def tidy() -> None:
    """Delete the pictures of which nothing more has come for ``KEPT``."""
    PhotoUpload.objects.filter(at__lte=timezone.now() - KEPT).delete()


def put_among_files(request: HttpRequest) -> None:
    """Give a form the pictures that it names, as files. They stay until the phone has heard what became of the form: a repeat
    needs them again.

    Raises Missing where one of them has not come whole.
    """
    named = [_NAMED.fullmatch(each) for each in request.POST.getlist(FIELD)]
    if not named:
        return
    if not all(named) or len(named) > MOST_PICTURES:
        raise Missing
    rows = PhotoUpload.objects.filter(owner=request.user, token__in={each[2] for each in named})
    come = {row.token: bytes(row.content) for row in rows}
    for number, (field, token, size) in enumerate((each.groups() for each in named), 1):
        content = come.get(token, b"")
        if not content or len(content) != int(size):
            raise Missing
        request.FILES.appendlist(field, SimpleUploadedFile(f"{number}.jpg", content, "image/jpeg"))
