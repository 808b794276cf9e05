"""The abstract photo. Each app has its own concrete one with a foreign key to what it belongs to, so that the rule of
the whole decides who sees the picture; governance/files.py checks, re-encodes and serves them. And the upload: what has come so far
of a picture that a phone sends in pieces."""

import secrets

from django.db import models
from django.urls import reverse
from django.utils import timezone

from governance.permissions import OwnOnly, RestrictedQuerySet


def photo_token() -> str:
    """Return an unguessable name for a stored picture."""
    return secrets.token_urlsafe(18)


def photo_path(photo: "Photo", filename: str) -> str:
    """Return where a picture is stored; nothing of the name it was uploaded under remains."""
    return f"{photo._meta.app_label}/{photo._meta.model_name}/{timezone.localdate():%Y/%m}/{photo.token}.jpg"


def thumb_path(photo: "Photo", filename: str) -> str:
    """Return where the small version is stored."""
    return photo_path(photo, filename).replace(".jpg", "_s.jpg")


class Photo(models.Model):
    """A picture that was decoded, turned upright, stripped of its metadata and re-encoded as JPEG."""

    #: Whether a browser may keep it for an hour; what is secret is asked for each time.
    may_be_kept = True

    token = models.CharField("标识", max_length=32, unique=True, default=photo_token, editable=False)
    image = models.ImageField("图片", upload_to=photo_path, width_field="width", height_field="height")
    thumb = models.ImageField("缩略图", upload_to=thumb_path)
    width = models.PositiveIntegerField("宽", editable=False)
    height = models.PositiveIntegerField("高", editable=False)
    sha256 = models.CharField("摘要", max_length=64, editable=False)
    uploaded_by = models.ForeignKey(
        "governance.User", models.PROTECT, null=True, verbose_name="上传人", related_name="+"
    )
    uploaded_at = models.DateTimeField("上传时间", default=timezone.now)

    objects = RestrictedQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.token

    @property
    def url(self) -> str:
        """The address of the picture; who may open it is asked there."""
        return self._address("large")

    @property
    def thumb_url(self) -> str:
        """The address of the small version."""
        return self._address("thumb")

    def _address(self, size: str) -> str:
        return reverse("photo", args=[self._meta.app_label, self._meta.model_name, self.token, size])


class PhotoUpload(models.Model):
    """What has come so far of a picture on its way from a phone, under the name that the phone gave it (governance/uploads.py).
    Nobody looks at it; it goes when its form has arrived, and where nothing more comes, after two days."""

    owner = models.ForeignKey("governance.User", models.CASCADE, related_name="+", verbose_name="上传人")
    token = models.CharField("标识", max_length=32)
    content = models.BinaryField("已传内容", default=b"")
    size = models.PositiveIntegerField("已传字节数", default=0)
    at = models.DateTimeField("最近传来", default=timezone.now)

    objects = RestrictedQuerySet.as_manager()
    rule = OwnOnly()

    class Meta:
        verbose_name = verbose_name_plural = "传输中的照片"
        constraints = [models.UniqueConstraint(fields=["owner", "token"], name="photo_upload_once")]
        indexes = [models.Index(fields=["at"])]

    def __str__(self) -> str:
        return self.token
