"""The addresses of the interface. Each answers in the form that its address ends in, and says in that form what is wrong.

They know no session and set no cookie: what they show is the same for everyone, and who reports shows a key. So requests that
another site forges have nothing to borrow, and only these addresses are free of the token that forms carry.
"""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from governance.api.throttles import Strangers
from incidents.models import Source
from incidents.open311 import reports, requests, services
from incidents.open311.asked import Asked
from incidents.open311.formats import Problem, answer, refusal
from incidents.services import sources

#: How a report may be sent.
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


@method_decorator(csrf_exempt, name="dispatch")
class Open311View(View):
    """One address: ``root`` names the document that ``content`` makes."""

    root = "errors"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = kwargs.get("form") or ("json" if request.path.endswith(".json") else "xml")
        request.user = AnonymousUser()
        try:
            response = self.respond(request, form)
        except Problem as problem:
            response = refusal(form, problem)
        except (SuspiciousOperation, BadRequest, MultiPartParserError):
            response = refusal(form, Problem(400, "请求的内容太大，或不是 UTF-8 编码的表单。"))
        # What everyone may read, a page of another site may read too; it goes stale when the desk takes something off.
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cache-Control"] = "no-cache"
        return response

    def respond(self, request: HttpRequest, form: str) -> HttpResponse:
        """Return the answer to a request. Raises Problem."""
        if request.method not in ("GET", "HEAD"):
            raise Problem(400, f"这个地址不支持 {request.method[:10]} 请求。")
        self.slow_down(request)
        self.asked = Asked(request.GET)
        self.district = services.jurisdiction(self.asked.text("jurisdiction_id"))
        return answer(form, self.root, self.content())

    def content(self) -> Any:
        """Return what the document holds. Raises Problem."""
        raise Problem(404, "没有这个地址；可用的地址见 /open311/discovery.xml。")

    def slow_down(self, request: HttpRequest) -> None:
        """Raise Problem (429) for an address from which too much is asked."""
        if not Strangers().allow_request(request, self):
            raise Problem(429, "请求太频繁，请稍后再试。")


class Nowhere(Open311View):
    """Any other address: a refusal in the interface's own form."""


class Discovery(Open311View):
    """Where the interface is."""

    root = "discovery"

    def content(self) -> Any:
        home = reverse("open311_services", args=["xml"]).removesuffix("/services.xml")
        return services.discovery(self.request.build_absolute_uri(home))


class Services(Open311View):
    """What can be reported."""

    root = "services"

    def content(self) -> Any:
        return [services.line(minor) for minor in services.offered()]


class Definition(Open311View):
    """What may be answered of one service."""

    root = "service_definition"

    def content(self) -> Any:
        return services.definition(services.service_of(self.kwargs["code"]))


class Requests(Open311View):
    """What was reported, as far as it is published; and, by POST, a new report."""

    root = "service_requests"

    def content(self) -> Any:
        extensions = self.asked.text("extensions").lower() == "true"
        return requests.lines(requests.wanted(self.asked, self.district), extensions=extensions)

    def respond(self, request: HttpRequest, form: str) -> HttpResponse:
        return self.receive(request, form) if request.method == "POST" else super().respond(request, form)

    def receive(self, request: HttpRequest, form: str) -> HttpResponse:
        """Take a report in, and write into the source's log how it was answered. Raises Problem."""
        if request.content_type not in FORMS:
            raise Problem(400, f"上报要用表单（{FORMS[0]}）发送。")
        source = self.source(request)
        return self.logged(source, lambda: self.report(source, form))

    def source(self, request: HttpRequest) -> Source:
        """Return whose key came with the request. Raises Problem (403) without a key that is in force."""
        key = Asked(request.POST, request.GET).text("api_key")
        source = sources.recognise(key)
        if source is None:
            self.slow_down(request)
            words = "密钥（api_key）无效或已停用。" if key else "缺少密钥（api_key）。"
            raise Problem(403, f"{words}请向本区的系统管理员申请。")
        return source

    def report(self, source: Source, form: str) -> tuple[HttpResponse, str, str]:
        """Return the answer to a report, what the log says of it, and its number. Raises Problem."""
        if not sources.allow(source):
            raise Problem(429, f"请求太频繁，每分钟最多 {source.per_minute} 次，请稍后再试。")
        body = self.request.POST
        district = services.jurisdiction(Asked(body, self.request.GET).text("jurisdiction_id"))
        token, incident, new = reports.take_report(source, body, district)
        content = [
            {"token": token, "service_notice": "已收到，受理以后可凭 token 查询编号。", "account_id": None}
        ]
        response = answer(form, self.root, content, 201 if new else 200)
        return response, "收件" if new else "重复，按前一次答复", incident.number

    def logged(self, source: Source, report: Callable[[], tuple[HttpResponse, str, str]]) -> HttpResponse:
        """Return the answer to a report, with a line in the source's log. Raises Problem."""
        try:
            response, words, number = report()
        except Problem as problem:
            sources.record(source, problem.status, problem.sentences[0])
            raise
        sources.record(source, response.status_code, words, number)
        return response


class Request(Open311View):
    """One of what was reported."""

    root = "service_requests"

    def content(self) -> Any:
        rows = list(requests.published(self.district).filter(number=self.kwargs["number"]))
        if not rows:
            raise Problem(404, "没有找到这个编号，或者它没有公开。")
        return requests.lines(rows, extensions=self.asked.text("extensions").lower() == "true")


class Token(Open311View):
    """The number that a report got."""

    root = "service_requests"

    def content(self) -> Any:
        token = self.kwargs["token"]
        return [{"service_request_id": reports.number_of(token, self.district), "token": token}]
