"""The changes of an organisation at the desk: its own words, another name, another superior, merging, dissolving, duties. A mixin of its
admin."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.http import urlencode

from governance.admin.verbs import verb_page
from parties.admin import choosing
from parties.forms.elections import named
from parties.forms.organisations import (
    DissolveForm,
    DutyForm,
    EndDutyForm,
    KeepForm,
    MergeForm,
    MoveForm,
    RenameForm,
)
from parties.models import Meeting, Member, Officer, Organisation, PartyOrgType
from parties.services import officers, organisations
from parties.terms import term_end

#: What each change is called: page -> (button, title's verb).
CHANGES = {"rename": "更名", "move": "调整隶属", "merge": "合并", "dissolve": "撤销"}


class Changes:
    """Pages that ask for what a service of the tree needs."""

    def change_urls(self, view: Any, name: str) -> list:
        pages = {
            "keep": self.keep_view, "rename": self.rename_view, "move": self.move_view, "merge": self.merge_view,
            "dissolve": self.dissolve_view, "duty": self.duty_view,
        }  # fmt: skip
        return [
            *(
                path(f"<int:object_id>/{page}/", view(page_view), name=f"{name}_{page}")
                for page, page_view in pages.items()
            ),
            path(
                "<int:object_id>/duty/<int:officer_id>/end/",
                view(self.end_duty_view),
                name=f"{name}_end_duty",
            ),
        ]

    def buttons(
        self, request: HttpRequest, organisation: Organisation, decides: bool
    ) -> list[dict[str, Any]]:
        """Return what the person may do with an organisation, the usual first."""
        found = []

        def add(words: str, url: str, **more: Any) -> None:
            found.append({"words": words, "url": url, **more})

        if organisation.ended_on is not None:
            return found
        user = request.user
        if organisation.has_members and user.may("add", Member):
            there = f"{self.admin_site.get_model_admin(Member).link(None, 'add')}"
            add("登记党员", f"{there}?{urlencode({'organisation': organisation.pk})}")
        if organisation.kind < PartyOrgType.GROUP and user.may("change", organisation):
            add("设立下级党组织", f"{self.link(None, 'add')}?{urlencode({'parent': organisation.pk})}")
        if user.may("view", Meeting) and organisation.kind != PartyOrgType.STREET_COMMITTEE:
            add("本月组织生活", reverse("admin:parties_meeting_month", args=[organisation.pk]))
        if self.keeps(request, organisation):
            add("修改资料", self.link(organisation, "keep"))
        if decides:
            for page, words in CHANGES.items():
                add(words, self.link(organisation, page), danger=page in ("merge", "dissolve"))
        return found

    def keeps(self, request: HttpRequest, organisation: Organisation) -> bool:
        """Say whether the person may mend what an organisation says of itself."""
        return request.user.may("keep", organisation) or request.user.may("change", organisation)

    def decided(self, request: HttpRequest, object_id: int) -> Organisation:
        """Return the organisation. Raises Http404 where the person does not decide about it, or it has ended."""
        organisation = self.reach(request, str(object_id))
        if organisation.ended_on is not None or not organisation.is_decided_by(request.user):
            raise Http404
        return organisation

    def change(
        self, request: HttpRequest, organisation: Organisation, form: Any, verb: Any, **words: Any
    ) -> HttpResponse:
        """Show the form of a change, or carry it out."""
        return verb_page(
            self,
            request,
            form=form,
            run=lambda given: verb(organisation, by=request.user, **given),
            back=self.link(organisation),
            obj=organisation,
            **words,
        )

    def keep_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        organisation = self.reach(request, str(object_id))
        if organisation.ended_on is not None or not self.keeps(request, organisation):
            raise Http404
        form = KeepForm(
            request.POST or None,
            initial={name: getattr(organisation, name) for name in KeepForm.base_fields},
            decides=organisation.is_decided_by(request.user),
        )

        def run(given: dict[str, Any]) -> None:
            if given.get("term_from") is not None and given["term_until"] is None:
                given = {**given, "term_until": term_end(organisation, given["term_from"])}
            for name, value in given.items():
                setattr(organisation, name, value)
            organisations.keep(organisation, by=request.user)

        return verb_page(
            self, request, title="修改资料", form=form, run=run, done="已保存。", back=self.link(organisation),
            obj=organisation, button="保存",
        )  # fmt: skip

    def rename_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        organisation = self.decided(request, object_id)
        form = RenameForm(request.POST or None, initial={"name": organisation.name})
        return self.change(
            request, organisation, form, organisations.rename, title="更名", button="更名", done="已更名。"
        )

    def move_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        organisation = self.decided(request, object_id)
        if organisation.parent_id is None:
            raise Http404
        form = MoveForm(request.POST or None, parents=choosing.superiors(request))
        form.fields["parent"].widget = choosing.box(Organisation, "parent")
        form.fields["parent"].widget.choices = form.fields["parent"].choices
        return self.change(
            request, organisation, form, organisations.move, title="调整隶属", button="调整隶属",
            done="已调整，下级党组织和党员一起过去。", hint=f"现在的上级：{organisation.parent.name}",
        )  # fmt: skip

    def merge_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        organisation = self.decided(request, object_id)
        others = (
            Organisation.objects.restrict(request.user)
            .in_force()
            .filter(kind=organisation.kind)
            .exclude(pk=organisation.pk)
        )
        form = MergeForm(request.POST or None, others=others)
        form.fields["into"].widget = choosing.box(Organisation, "merged_into")
        form.fields["into"].widget.choices = form.fields["into"].choices
        return self.change(
            request, organisation, form, organisations.merge, title="合并到另一个党组织", button="合并",
            done="已合并，党员和下级党组织已转过去。", danger=True,
            hint="党员、党小组和兜底单位都转过去，这里的班子任职和岗位同时结束。",
        )  # fmt: skip

    def dissolve_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        organisation = self.decided(request, object_id)
        form = DissolveForm(request.POST or None)
        return self.change(
            request, organisation, form, organisations.dissolve, title="撤销党组织", button="撤销", done="已撤销。",
            danger=True, hint="要先把党员转走，把下级党组织撤销或调整隶属。班子任职和岗位同时结束。",
        )  # fmt: skip

    # --- duties -----------------------------------------------------------------------------------------------------
    def duty_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Give a member a duty. Whoever leads a branch or group and has an account gets the post that goes with it."""
        organisation = self.decided(request, object_id)
        members = Member.objects.restrict(request.user).on_roll()
        members = members.filter(units__contains=[organisation.unit_id]).as_choices(request.user)
        clear = set(
            Member.objects.restrict(request.user, "contact")
            .filter(units__contains=[organisation.unit_id])
            .values_list("pk", flat=True)
        )
        form = DutyForm(
            request.POST or None,
            organisation=organisation,
            members=members,
            named=lambda member: named(member, clear),
        )

        def run(given: dict[str, Any]) -> None:
            officers.give_duty(by=request.user, organisation=organisation, **given)

        return verb_page(
            self, request, title="登记任职", form=form, run=run, done="已登记任职。", back=self.link(organisation),
            obj=organisation, button="登记",
            hint="书记（组长）的账号同时得到管理本组织的岗位；还没有账号的，请安全管理员建好以后在党员页里关联。"
            if members.exists()
            else "名册上还没有党员。请先登记党员，或者把党员编入这个党小组。",
        )  # fmt: skip

    def end_duty_view(self, request: HttpRequest, object_id: int, officer_id: int) -> HttpResponse:
        """End a duty, and the post with it."""
        organisation = self.decided(request, object_id)
        officer = (
            Officer.objects.restrict(request.user)
            .in_office()
            .filter(organisation=organisation, pk=officer_id)
            .select_related("member")
            .first()
        )
        if officer is None:
            raise Http404

        def run(given: dict[str, Any]) -> None:
            officers.end_duty(officer, by=request.user, **given)

        return verb_page(
            self, request, title="免去职务", form=EndDutyForm(request.POST or None), run=run, done="已免去。",
            back=self.link(organisation), obj=organisation, danger=True,
            hint=f"{officer.member.name}，{officer.get_duty_display()}。岗位同时结束。",
        )  # fmt: skip
