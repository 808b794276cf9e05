"""People, units, roles and posts: who may do what, where, and for how long."""

from collections.abc import Iterable
from datetime import date

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import Permission
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.validators import RegexValidator
from django.db import connection, models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.functional import cached_property
from simple_history.models import HistoricalRecords

from governance.models.base import DERIVED, Territorial
from governance.permissions import (
    DistrictWide,
    Holder,
    Jurisdiction,
    JurisdictionBackend,
    Own,
    PostInForce,
    Published,
    RestrictedQuerySet,
    permission,
)
from governance.territory import lineage

#: Mainland mobile numbers: 11 digits, 1 and 3-9 first.
PHONE = RegexValidator(r"\A1[3-9][0-9]{9}\Z", "请填写 11 位手机号码，例如 13800001234。")

#: Any telephone, mobile or not, as people write it.
TELEPHONE = RegexValidator(r"\A[0-9+()（）\-—转 ，,、/]{5,30}\Z", "请填写电话号码，例如 022-27271234。")

#: Never held by one person at one time (three-member separation, GB/T 22239-2019).
SEPARATED_ROLES = ("auditor", "system_administrator", "security_administrator")

_BACKEND = JurisdictionBackend()


class UserManager(BaseUserManager.from_queryset(RestrictedQuerySet)):
    """Creates accounts; staff sign in by name and password, residents by phone and code."""

    def get_by_natural_key(self, username):
        return self.get(username=username)

    def create_user(self, username: str, password: str | None = None, **fields) -> "User":
        """Create an account; without a password it can only sign in by phone code."""
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields) -> "User":
        """Create the first administrator: an account that may switch superuser mode on, and holds no post."""
        return self.create_user(username, password, is_staff=True, may_elevate=True, **fields)

    def system(self) -> "User":
        """Return the machine's own account, which signs what no person did (deadlines, offers that ran out)."""
        user, _ = self.get_or_create(username="system", defaults={"name": "系统", "password": "!"})
        return user


class User(Holder, AbstractBaseUser):
    """A person, or a machine that acts. What someone may do comes from posts alone: no groups, no personal grants."""

    username = models.CharField("登录名", max_length=64, unique=True)
    phone = models.CharField(
        "手机号",
        max_length=11,
        unique=True,
        null=True,
        blank=True,
        validators=[PHONE],
        error_messages={"unique": "这个手机号已经登记过。"},
    )
    phone_verified = models.BooleanField("手机号已验证", default=False)
    name = models.CharField("姓名", max_length=40, blank=True)
    is_active = models.BooleanField("启用", default=True)
    is_staff = models.BooleanField("可登录管理后台", default=False)
    may_elevate = models.BooleanField("可开启超级管理模式", default=False)
    entrance = models.ForeignKey(
        "grids.Entrance", models.SET_NULL, null=True, blank=True, verbose_name="常用地址", related_name="+"
    )
    address = models.CharField("门牌号", max_length=100, blank=True)
    date_joined = models.DateTimeField("注册时间", default=timezone.now)
    password_changed_at = models.DateTimeField("密码修改时间", null=True, blank=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: list[str] = []

    objects = UserManager()
    rule = DistrictWide(own=[Own("pk", frozenset({"view"}), "本人账号")])
    session_mark = models.CharField(
        "会话标记", max_length=24, blank=True, default="", db_default="", editable=False
    )
    history = HistoricalRecords(excluded_fields=["password", "last_login", "session_mark"])

    class Meta:
        verbose_name = verbose_name_plural = "账号"

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must carry: it changes with the password, and when the person ends her other sessions."""
        found = super()._get_session_auth_hash(secret)
        return f"{found}{self.session_mark}" if self.session_mark else found

    def __str__(self) -> str:
        return self.name or self.username

    def set_password(self, raw_password):
        super().set_password(raw_password)
        self.password_changed_at = timezone.now()

    @cached_property
    def posts_in_force(self) -> list[PostInForce]:
        """The person's posts today. Read once for each instance, so a request asks once."""
        return self.posts_on(timezone.localdate())

    def posts_on(self, day: date) -> list[PostInForce]:
        """Return the posts in force on a day, with the permissions that their roles carry now."""
        return posts_of([self.pk], day)[self.pk]

    def holds(self, *roles: str) -> bool:
        """Say whether the person holds one of these roles today, anywhere."""
        return any(post.role in roles for post in self.posts_in_force)

    @property
    def is_superuser(self) -> bool:
        """True only while a superuser mode that this person switched on, with a reason, is running."""
        return self.may_elevate and self.is_active and self.elevation is not None

    @cached_property
    def elevation(self):
        """The running superuser mode, or None."""
        return self.elevations.running().first() if self.may_elevate else None

    def has_perm(self, perm: str, obj=None) -> bool:
        return _BACKEND.has_perm(self, perm, obj)

    def has_perms(self, perm_list, obj=None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        return _BACKEND.has_module_perms(self, app_label)

    def may(self, action: str, target) -> bool:
        """Say whether the rule allows ``action`` on a row, or, for a model class, on any row at all."""
        if isinstance(target, type):
            return self.has_perm(permission(target, action))
        return self.has_perm(permission(type(target), action), target)

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)


class Unit(Territorial):
    """A body that matters are assigned to: a department, a street office, a station, a volunteer team."""

    class Kind(models.TextChoices):
        DEPARTMENT = "department", "职能部门"
        STREET_OFFICE = "street_office", "街道办事处"
        COMMITTEE = "residents_committee", "社区居委会"
        STATION = "station", "志愿服务站点"
        TEAM = "volunteer_team", "志愿服务队"
        PARTY = "party", "党组织"

    code = models.SlugField("编号", max_length=40, unique=True)
    name = models.CharField("名称", max_length=80)
    kind = models.CharField("类别", max_length=20, choices=Kind.choices)
    phone = models.CharField("联系电话", max_length=30, blank=True)
    is_active = models.BooleanField("启用", default=True)
    history = HistoricalRecords(excluded_fields=DERIVED)

    #: A party organisation is in no directory of units: its own pages show it, to those whom its own rule lets in.
    rule = Jurisdiction(
        published=[Published(frozenset({"view"}), when=~Q(kind="party"), label="公开的单位名录")],
        when=~Q(kind="party"),
    )

    class Meta:
        verbose_name = verbose_name_plural = "单位"
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(name=""), name="unit_named", violation_error_message="请填写单位名称。"
            ),
        ]

    def __str__(self) -> str:
        return self.name


#: Whoever holds a post of the place acts for these, a post of the unit itself or not.
OF_THE_PLACE = (Unit.Kind.COMMITTEE, Unit.Kind.STREET_OFFICE)


def acts_for(user: User, unit: Unit, perm: str) -> bool:
    """Say whether a person may use ``perm`` for a unit: by a post of it or, of an office of the place, by one at that very place."""
    return any(
        post.unit_id == unit.pk
        or (post.unit_id is None and unit.kind in OF_THE_PLACE and post.code == unit.grid_id)
        for post in user.posts_with(perm)
    )


def people_of(unit: Unit, perm: str, code: str):
    """Return the active users who act for a unit (``acts_for``) by a post at or above the grid ``code``."""
    here = Q(unit=unit.pk)
    if unit.kind in OF_THE_PLACE:
        here |= Q(unit=None, grid=unit.grid_id)
    app_label, _, codename = perm.partition(".")
    posts = Post.objects.in_force().filter(
        here,
        grid__in=lineage(code),
        role__permissions__codename=codename,
        role__permissions__content_type__app_label=app_label,
    )
    return User.objects.filter(is_active=True, pk__in=posts.values("user")).order_by("pk")


class Role(models.Model):
    """A bundle of ordinary Django permissions. The built-in ones are the table in governance/roles/, written at
    every migrate; a district may add its own beside them."""

    key = models.SlugField("标识", max_length=40, primary_key=True)
    name = models.CharField("名称", max_length=40, unique=True)
    duty = models.CharField("职责", max_length=200, blank=True)
    levels = models.JSONField(
        "可任职层级", default=list, help_text="网格编码长度：6 区、9 街道、12 社区、15 基础网格。"
    )
    needs_unit = models.BooleanField("须有所属单位", default=False)
    is_builtin = models.BooleanField("内置", default=False, editable=False)
    permissions = models.ManyToManyField(Permission, verbose_name="权限", blank=True, related_name="+")

    objects = RestrictedQuerySet.as_manager()
    rule = DistrictWide()
    history = HistoricalRecords(m2m_fields=[permissions])

    class Meta:
        verbose_name = verbose_name_plural = "角色"
        ordering = ["key"]

    def __str__(self) -> str:
        return self.name


class PostQuerySet(RestrictedQuerySet):
    def in_force(self, on: date | None = None):
        """Return the posts whose term includes the day (today when None)."""
        day = on or timezone.localdate()
        return self.filter(valid_from__lte=day).filter(Q(valid_until=None) | Q(valid_until__gte=day))


class Post(Territorial):
    """A person in a role at a node for a term. The last day of the term still counts."""

    user = models.ForeignKey(User, models.PROTECT, verbose_name="人员", related_name="posts")
    role = models.ForeignKey(Role, models.PROTECT, verbose_name="角色", related_name="posts")
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, verbose_name="所属单位", related_name="posts"
    )
    valid_from = models.DateField("任期起", default=timezone.localdate)
    valid_until = models.DateField("任期止", null=True, blank=True, help_text="留空表示未定。当日仍有效。")
    note = models.CharField("任职依据", max_length=200, blank=True)
    appointed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="任命人", related_name="+", editable=False
    )
    history = HistoricalRecords(excluded_fields=DERIVED)

    objects = PostQuerySet.as_manager()
    rule = Jurisdiction(own=[Own("user", frozenset({"view"}), "本人岗位")])

    class Meta:
        verbose_name = verbose_name_plural = "岗位"
        ordering = ["-valid_from", "-pk"]
        indexes = [
            models.Index(fields=["user", "valid_from"]),
            models.Index(fields=["grid", "role"]),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="post_term",
                violation_error_message="任期止不能早于任期起。",
            ),
            models.UniqueConstraint(
                fields=["user", "role", "grid", "unit", "valid_from"],
                nulls_distinct=False,
                name="post_once",
                violation_error_message="这个人在这里已有同样的岗位。",
            ),
            # A number range stands in for btree_gist, which an embedded PostgreSQL lacks.
            ExclusionConstraint(
                name="post_separation",
                expressions=[
                    (Func(F("user"), F("user"), Value("[]"), function="int8range"), RangeOperators.OVERLAPS),
                    (
                        Func(
                            F("valid_from"),
                            Coalesce(F("valid_until"), Value(date.max)),
                            Value("[]"),
                            function="daterange",
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(role__in=SEPARATED_ROLES),
                violation_error_message="审计员、系统管理员、安全管理员必须由三个不同的人担任，且每人只任一项。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} · {self.unit.name if self.unit_id else self.grid}"


#: Written out, because every request of a person signed in asks it, and putting it together takes longer than the answer.
POSTS_OF = """
    SELECT post.user_id, post.id, post.role_id, role.name, post.grid_id, grid.name, post.unit_id, unit.name,
        ARRAY(
            SELECT kind.app_label || '.' || permission.codename
            FROM governance_role_permissions held
            JOIN auth_permission permission ON permission.id = held.permission_id
            JOIN django_content_type kind ON kind.id = permission.content_type_id
            WHERE held.role_id = post.role_id
        )
    FROM governance_post post
    JOIN governance_role role ON role.key = post.role_id
    JOIN grids_grid grid ON grid.code = post.grid_id
    LEFT JOIN governance_unit unit ON unit.id = post.unit_id
    WHERE post.user_id = ANY(%(keys)s)
        AND post.valid_from <= %(day)s AND (post.valid_until IS NULL OR post.valid_until >= %(day)s)
"""


def posts_of(keys: Iterable[int], day: date) -> dict[int, list[PostInForce]]:
    """Return the posts in force on a day of each of these people, with the permissions that their roles carry now. One statement."""
    found: dict[int, list[PostInForce]] = {key: [] for key in keys}
    with connection.cursor() as cursor:
        cursor.execute(POSTS_OF, {"keys": list(found), "day": day})
        posts = cursor.fetchall()
    for user, pk, role, duty, code, place, unit, name, permissions in posts:
        found[user].append(
            PostInForce(
                pk=pk,
                role=role,
                label=f"{duty} · {name if unit else place}",
                code=code,
                unit_id=unit,
                permissions=frozenset(permissions),
            )
        )
    return found


def look_up_posts(people: Iterable[User]) -> None:
    """Find the posts in force of several people at once, so that none of them is asked for alone."""
    unknown = [person for person in people if "posts_in_force" not in person.__dict__]
    if len(unknown) > 1:
        found = posts_of({person.pk for person in unknown}, timezone.localdate())
        for person in unknown:
            person.posts_in_force = found[person.pk]
