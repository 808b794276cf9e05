"""Registering as a volunteer."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from governance import parameters
from governance.constraints import sentence
from governance.flow import NotYours, Refused
from governance.models import User
from governance.permissions import permitted_actions
from grids.models import Entrance, Grid
from volunteers.flow.registration import REGISTRATION, REVIEW_CLOCK
from volunteers.models import Skill, Volunteer


@transaction.atomic
def register_volunteer(
    user: User,
    *,
    name: str,
    birth_date: date,
    grid: Grid,
    entrance: Entrance | None = None,
    skills: list[Skill] | None = None,
    free_times: list[str] | None = None,
    reach: str = Volunteer.Reach.STREET,
    guardian_name: str = "",
    guardian_phone: str = "",
    guardian_consent_at: datetime | None = None,
    description: str = "",
    by: User | None = None,
) -> Volunteer:
    """Apply for registration; the community reviews it. Returns the application.

    Under 18 the guardian's name, phone and consent are needed. Raises Refused at the field it concerns.
    """
    if not user.phone:
        raise Refused("请先用手机号登录，再登记为志愿者。")
    if grid.is_retired:
        raise Refused("这个网格已停用，请重新选择您住的社区。", "grid")
    volunteer = Volunteer(
        grid=grid,
        entrance=entrance,
        title="志愿者登记",
        description=description,
        applicant=user,
        applicant_name=name,
        applicant_phone=user.phone,
        birth_date=birth_date,
        free_times=sorted(set(free_times or [])),
        reach=reach,
        guardian_name=guardian_name,
        guardian_phone=guardian_phone,
        guardian_consent_at=guardian_consent_at,
    )
    check_age(volunteer)
    try:
        with transaction.atomic():
            REGISTRATION.open_matter(
                volunteer, by=by or user, label="申请登记", clock=REVIEW_CLOCK, tell=("approvers",)
            )
    except IntegrityError as error:
        raise Refused(sentence(error) or "登记没有成功，请稍后再试。") from error
    volunteer.skills.set(skills or [])
    return volunteer


def check_age(volunteer: Volunteer) -> None:
    """Check the birth date and, for minors, the guardian.

    Raises Refused at the field.
    """
    today = timezone.localdate()
    if volunteer.birth_date > today or volunteer.birth_date.year < today.year - 110:
        raise Refused("出生日期不对，请检查年份。", "birth_date")
    least = parameters.value("volunteers.minimum_age")
    if volunteer.age_on(today) < least:
        raise Refused(f"登记志愿者须年满 {least} 周岁。", "birth_date")
    if volunteer.age_on(today) < 18:
        if not volunteer.guardian_name.strip():
            raise Refused("未满 18 周岁须填写监护人姓名。", "guardian_name")
        if not volunteer.guardian_phone:
            raise Refused("未满 18 周岁须填写监护人电话。", "guardian_phone")
        if volunteer.guardian_consent_at is None:
            raise Refused("未满 18 周岁须由监护人同意。", "guardian_consent")


@transaction.atomic
def record_guardian(
    volunteer: Volunteer, *, by: User, name: str, phone: str, consent_at: datetime | None, how: str
) -> Volunteer:
    """Put down, or correct, who answers for a volunteer under 18, and when that person agreed.

    ``how`` says in a few words how it was verified; with who and when it stays in the registration's history. For the
    volunteer herself and for those who review registrations. Raises NotYours for others, Refused at the field.
    """
    if not permitted_actions(by, volunteer, {"change", "approve"}):
        raise NotYours
    volunteer = Volunteer.objects.select_for_update(of=("self",)).get(pk=volunteer.pk)
    if volunteer.age_on() >= 18:
        raise Refused("已满 18 周岁，不需要监护人同意。")
    if consent_at is not None and consent_at > timezone.now():
        raise Refused("同意时间不能晚于现在。", "guardian_consent_at")
    volunteer.guardian_name, volunteer.guardian_phone = name.strip(), phone
    volunteer.guardian_consent_at = consent_at
    check_age(volunteer)
    volunteer._history_user, volunteer._change_reason = by, f"补录监护人：{how}"[:100]
    volunteer.save(update_fields=["guardian_name", "guardian_phone", "guardian_consent_at"])
    return volunteer


@transaction.atomic
def change_preferences(
    volunteer: Volunteer,
    *,
    by: User,
    skills: Iterable[Skill],
    free_times: Iterable[str],
    reach: str,
    description: str = "",
) -> Volunteer:
    """Keep what a volunteer can do, when, and how far she goes; no review is needed for that.

    Raises NotYours for anyone who may not change the registration.
    """
    if not by.may("change", volunteer):
        raise NotYours
    volunteer = Volunteer.objects.select_for_update(of=("self",)).get(pk=volunteer.pk)
    volunteer.free_times, volunteer.reach = sorted(set(free_times)), reach
    volunteer.description = description
    volunteer.search_terms = volunteer.index()
    volunteer.save(update_fields=["free_times", "reach", "description", "search_terms"])
    volunteer.skills.set(skills)
    return volunteer
