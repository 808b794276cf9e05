"""Pictures that come in pieces: they go on where they broke off, belong to one person, and reach a form as if they had come with it."""

import secrets
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from governance import uploads
from governance.models import PhotoUpload
from governance.tasks import tidy
from incidents.models import Incident
from tests import factories
from tests.cast import BACKEND
from tests.concurrency import all_at_once
from tests.pictures import jpeg
from tests.standing import standing

pytestmark = pytest.mark.django_db

REPORT = "/incidents/new/?for=1"
TOKEN = "0123456789abcdef" * 2
HEADERS = {"Accept": "application/json", "X-Kept": "1"}


@standing
def worker(territory):
    return factories.make_staff("grid_worker", factories.BASE)


def phone_of(user) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


class Phone:
    """A phone's outbox: what it asks and sends, for the account that wrote it."""

    def __init__(self, user, *, signed_in=None):
        self.client = phone_of(signed_in or user)
        self.headers = HEADERS | {"X-Account": str(user.pk)}

    def ask(self, token=TOKEN):
        return self.client.get(f"/outbox/photos/{token}/", headers=self.headers)

    def come(self, token=TOKEN) -> int:
        return int(self.ask(token).headers["Upload-Offset"])

    def piece(self, start, content, *, whole=None, token=TOKEN, **headers):
        return self.client.post(
            f"/outbox/photos/{token}/",
            content,
            content_type="application/octet-stream",
            headers=self.headers
            | {"Upload-Offset": str(start), "Upload-Length": str(whole or len(content))}
            | headers,
        )

    def carry(self, picture, token=TOKEN, step=1000):
        """Send a whole picture, so many bytes at a time."""
        for start in range(0, len(picture), step):
            answer = self.piece(start, picture[start : start + step], whole=len(picture), token=token)
            assert answer.status_code == 204

    def drop(self, token=TOKEN):
        return self.client.delete(f"/outbox/photos/{token}/", headers=self.headers)

    def report(self, *arrived, **fields):
        return self.client.post(REPORT, {"arrived": arrived, **fields}, headers=self.headers)


def test_a_picture_goes_on_where_it_broke_off_and_belongs_to_its_report(worker):
    minor, door, picture, phone = (
        factories.make_minor(),
        factories.make_entrance(),
        jpeg((800, 600)),
        Phone(worker),
    )
    half = len(picture) // 2
    assert phone.come() == 0
    assert phone.piece(0, picture[:half], whole=len(picture)).headers["Upload-Offset"] == str(half)
    # The answer was lost, and the phone asks; then it begins at the wrong place and is told the right one.
    assert phone.come() == half
    again = phone.piece(0, picture[:half], whole=len(picture))
    assert (again.status_code, again.headers["Upload-Offset"]) == (409, str(half))
    named = f"photos:{TOKEN}:{len(picture)}"
    fields = {"token": "t1", "quick": minor.pk, "where": f"door:{door.pk}"}
    early = phone.report(named, **fields)
    assert (early.status_code, early.json()["state"]) == (409, "incomplete") and not Incident.objects.exists()
    assert phone.piece(half, picture[half:], whole=len(picture)).status_code == 204
    assert phone.report(named, **fields).json()["state"] == "done"
    photo = Incident.objects.get().photos.get()
    assert (photo.width, photo.height) == (800, 600)
    # Should that answer be lost, the repeat is known; then the phone says that it has heard it.
    assert phone.report(named, **fields).json()["said"] == "这一条刚才已经提交过了。"
    assert Incident.objects.get().photos.count() == 1
    assert phone.drop().status_code == 204 and not PhotoUpload.objects.exists()


def test_pictures_keep_their_order_and_their_fields_beside_those_that_come_with_the_form(worker):
    phone, sizes = Phone(worker), [(60, 40), (70, 40), (80, 40)]
    tokens = [secrets.token_hex(16) for _ in sizes[1:]]
    for token, size in zip(tokens, sizes[1:], strict=True):
        phone.carry(jpeg(size), token)
    named = [f"photos:{token}:{len(jpeg(size))}" for token, size in zip(tokens, sizes[1:], strict=True)]
    answer = phone.report(
        *named,
        quick=factories.make_minor().pk,
        where=f"grid:{factories.BASE}",
        token="t2",  # noqa: S106
        photos=SimpleUploadedFile("a.jpg", jpeg(sizes[0]), "image/jpeg"),
    )
    assert answer.json()["state"] == "done"
    assert list(Incident.objects.get().photos.order_by("pk").values_list("width", "height")) == sizes


def test_what_is_no_picture_is_refused_at_its_field_as_if_it_had_come_with_the_form(worker):
    phone = Phone(worker)
    phone.carry(b"no picture at all")
    answer = phone.report(
        f"photos:{TOKEN}:17", quick=factories.make_minor().pk, where=f"grid:{factories.BASE}"
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "photos" and "不是可用的照片" in answer.json()["said"]
    assert not Incident.objects.exists()


def test_nobody_else_reaches_it(worker):
    other, picture = factories.make_staff("grid_worker", factories.BASE), jpeg()
    Phone(worker).carry(picture)
    assert Phone(other).come() == 0
    Phone(other).drop()
    named = f"photos:{TOKEN}:{len(picture)}"
    assert Phone(other).report(named, quick=factories.make_minor().pk).json()["state"] == "incomplete"
    # On a phone on which somebody else, or nobody, is signed in, nothing is told, taken or dropped.
    stolen = Phone(worker, signed_in=other)
    gone = Phone(worker)
    gone.client.logout()
    for phone in (stolen, gone):
        for answer in (phone.ask(), phone.piece(len(picture), b"x"), phone.drop()):
            assert (answer.status_code, answer.json()["state"]) == (401, "signed_out")
            assert "Upload-Offset" not in answer.headers
    assert Phone(worker).come() == len(picture)


@pytest.mark.parametrize(
    "named", ["photos", f"photos:{TOKEN}", f"photos:{TOKEN}:x", "a b:" + TOKEN + ":1", f"photos:{TOKEN}:0"]
)
def test_a_form_that_names_what_is_no_picture_on_its_way_is_not_carried_out(worker, named):
    answer = Phone(worker).report(named, quick=factories.make_minor().pk, where=f"grid:{factories.BASE}")
    assert answer.json()["state"] == "incomplete" and not Incident.objects.exists()


def test_a_form_cannot_name_pictures_without_end(worker):
    named = [f"photos:{secrets.token_hex(16)}:1" for _ in range(uploads.MOST_PICTURES + 1)]
    assert Phone(worker).report(*named).json()["state"] == "incomplete"


def test_a_page_that_is_no_outbox_names_nothing(worker):
    """What a plain form sends is read as it was: its field means nothing there."""
    phone = Phone(worker)
    phone.carry(jpeg())
    phone.client.post(
        REPORT,
        {
            "arrived": f"photos:{TOKEN}:{len(jpeg())}",
            "quick": factories.make_minor().pk,
            "where": f"grid:{factories.BASE}",
        },
    )
    assert Incident.objects.get().photos.count() == 0


@pytest.mark.parametrize(
    ("start", "length", "status", "words"),
    [
        ("", "10", 400, "没有收下"),
        ("x", "10", 400, "没有收下"),
        ("0", "", 400, "没有收下"),
        ("0", str(13 * 1024 * 1024), 413, "不超过 12 MB"),
        (str(12 * 1024 * 1024), "10", 413, "不超过 12 MB"),
        ("9" * 5000, "10", 400, "没有收下"),
    ],
)
def test_what_does_not_make_sense_is_refused_in_words(worker, start, length, status, words):
    answer = Phone(worker).piece(start, b"0123456789", whole=1, **{"Upload-Length": length})
    assert answer.status_code == status and words in answer.json()["said"]
    assert Phone(worker).come() == 0


@pytest.mark.parametrize("start", ["-1", "5"])
def test_a_piece_that_begins_elsewhere_is_told_where_it_goes_on(worker, start):
    answer = Phone(worker).piece(start, b"0123456789", whole=100)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (409, "0")


def test_no_more_comes_than_the_picture_has(worker):
    phone = Phone(worker)
    assert phone.piece(0, b"012345", whole=10).status_code == 204
    answer = phone.piece(6, b"67890", whole=10)
    assert answer.status_code == 400 and "没有收下" in answer.json()["said"]
    assert phone.come() == 6
    assert phone.piece(6, b"6789", whole=10).headers["Upload-Offset"] == "10"


@pytest.mark.parametrize("size", [uploads.MOST_IN_ONE + 1, 3 * 1024 * 1024])
def test_a_piece_has_an_end(worker, size):
    assert Phone(worker).piece(0, bytes(size)).status_code == 413


def test_there_is_an_end_to_what_one_account_may_have_on_the_way(worker, monkeypatch):
    phone = Phone(worker)
    phone.carry(bytes(900))
    monkeypatch.setattr(uploads, "MOST_ON_THE_WAY", 1000)
    full = phone.piece(0, bytes(101), token="f" * 32)  # noqa: S106
    assert full.status_code == 429 and "先把前面的发完" in full.json()["said"]
    assert phone.piece(900, bytes(100), whole=1000).status_code == 204
    monkeypatch.setattr(uploads, "MOST_ON_THE_WAY", 10_000)
    monkeypatch.setattr(uploads, "MOST_PICTURES", 1)
    assert phone.piece(0, b"x", token="f" * 32).status_code == 429  # noqa: S106
    assert phone.piece(1000, b"x", whole=1001).status_code == 204
    # Nobody else is kept waiting for it.
    other = Phone(factories.make_staff("grid_worker", factories.BASE))
    assert other.piece(0, b"x").status_code == 204


def test_what_stopped_on_its_way_goes_after_two_days(worker):
    phone = Phone(worker)
    phone.carry(b"old")
    PhotoUpload.objects.update(at=timezone.now() - uploads.KEPT - timedelta(minutes=1))
    phone.carry(b"new", "f" * 32)
    tidy.call()
    assert [row.token for row in PhotoUpload.objects.all()] == ["f" * 32]


@pytest.mark.django_db(transaction=True)
def test_of_two_that_send_the_same_piece_one_is_taken():
    factories.make_territory()
    owner = factories.make_staff("grid_worker", factories.BASE)

    def send(start, piece):
        try:
            return uploads.append(owner, TOKEN, start, piece, whole=20)
        except uploads.Elsewhere as elsewhere:
            return -elsewhere.received

    for start in (0, 10):
        outcomes = all_at_once(*[lambda start=start: send(start, b"0123456789")] * 6)
        assert sorted(outcomes) == [-(start + 10)] * 5 + [start + 10]
    assert bytes(PhotoUpload.objects.get().content) == b"0123456789" * 2
