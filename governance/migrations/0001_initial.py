import django.core.validators
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("username", models.CharField(max_length=64, unique=True, verbose_name="登录名")),
                (
                    "phone",
                    models.CharField(
                        blank=True,
                        error_messages={"unique": "这个手机号已经登记过。"},
                        max_length=11,
                        null=True,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A1[3-9][0-9]{9}\\Z", "请填写 11 位手机号码，例如 13800001234。"
                            )
                        ],
                        verbose_name="手机号",
                    ),
                ),
                ("phone_verified", models.BooleanField(default=False, verbose_name="手机号已验证")),
                ("name", models.CharField(blank=True, max_length=40, verbose_name="姓名")),
                ("is_active", models.BooleanField(default=True, verbose_name="启用")),
                ("is_staff", models.BooleanField(default=False, verbose_name="可登录管理后台")),
                ("may_elevate", models.BooleanField(default=False, verbose_name="可开启超级管理模式")),
                ("address", models.CharField(blank=True, max_length=100, verbose_name="门牌号")),
                (
                    "date_joined",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="注册时间"),
                ),
                (
                    "password_changed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="密码修改时间"),
                ),
            ],
            options={
                "verbose_name": "账号",
                "verbose_name_plural": "账号",
            },
        ),
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                (
                    "name",
                    models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="名称"),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="时间")),
            ],
            options={
                "verbose_name": "运行心跳",
                "verbose_name_plural": "运行心跳",
            },
        ),
        migrations.CreateModel(
            name="NumberSeries",
            fields=[
                (
                    "series",
                    models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="号段"),
                ),
                ("last", models.PositiveIntegerField(default=0, verbose_name="末号")),
            ],
            options={
                "verbose_name": "编号号段",
                "verbose_name_plural": "编号号段",
            },
        ),
        migrations.CreateModel(
            name="Parameter",
            fields=[
                (
                    "key",
                    models.CharField(max_length=60, primary_key=True, serialize=False, verbose_name="参数"),
                ),
                ("value", models.JSONField(verbose_name="取值")),
                ("changed_at", models.DateTimeField(auto_now=True, verbose_name="修改时间")),
            ],
            options={
                "verbose_name": "运行参数",
                "verbose_name_plural": "运行参数",
                "ordering": ["key"],
            },
        ),
    ]
