"""Where a phone's outbox sends its pictures, piece by piece."""

from django.core.exceptions import RequestDataTooBig, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from governance import outbox, uploads

#: The tus protocol's headers: at which byte a piece begins or how many bytes have come, and how many the picture has.
OFFSET, LENGTH = "Upload-Offset", "Upload-Length"


@require_http_methods(["GET", "POST", "DELETE"])
@never_cache
def photo_upload(request: HttpRequest, token: str) -> HttpResponse:
    """Say how much of the visitor's picture has come (GET), take the next piece (POST), or drop it (DELETE)."""
    user = request.user
    if not outbox.is_owners(request):
        return outbox.signed_out()
    if request.method == "DELETE":
        uploads.forget(user, token)
        return HttpResponse(status=204)
    status = 204
    if request.method == "GET":
        come = uploads.received(user, token)
    else:
        try:
            start, whole = (int(request.headers.get(each, "")) for each in (OFFSET, LENGTH))
            come = uploads.append(user, token, start, request.body, whole=whole)
        except (ValueError, UnreadablePostError):
            return _refused("这一段照片不完整，没有收下，请再发一次。", 400)
        except RequestDataTooBig:
            return _refused("一次传得太多，请分小一些。", 413)
        except ValidationError as error:
            return _refused(error.messages[0], 429 if error.code == "too_many" else 413)
        except uploads.Elsewhere as elsewhere:
            come, status = elsewhere.received, 409
    return HttpResponse(status=status, headers={OFFSET: str(come)})


def _refused(sentence: str, status: int) -> JsonResponse:
    return JsonResponse({"said": sentence}, status=status)
