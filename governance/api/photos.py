"""Pictures in the API: how they are sent, and the addresses under which they can be fetched."""

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from governance.models import Photo


class PhotoSerializer(serializers.Serializer):
    """A stored picture. Both addresses ask the rule again."""

    token = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    url = serializers.SerializerMethodField()
    thumb = serializers.SerializerMethodField()

    def get_url(self, photo: Photo) -> str:
        return self._address(photo, "large")

    def get_thumb(self, photo: Photo) -> str:
        return self._address(photo, "thumb")

    def _address(self, photo: Photo, size: str) -> str:
        meta = photo._meta
        return reverse("api-photo", args=[meta.app_label, meta.model_name, photo.token, size])


def photos_field(most: int, **kwargs: Any) -> serializers.ListField:
    """Return a field for up to so many pictures; their content is checked when they are stored."""
    kwargs.setdefault("required", False)
    return serializers.ListField(
        child=serializers.FileField(max_length=255, allow_empty_file=True), max_length=most, **kwargs
    )


class UploadSerializer(serializers.Serializer):
    """Pictures to add."""

    photos = photos_field(9, required=True, allow_empty=False)
