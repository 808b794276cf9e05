"""The rule beside django-guardian's own way: a grant for each object, and ``get_objects_for_user`` over them.

    python -m benchmarks.guardian_lists [rounds]

Environment: see benchmarks/databases.py. One account of the world is granted every order of the district, object by object
(100,000 grants, copied in bulk), another every order of one community. Beside each stands the person who reaches the
same rows by one post. The grants are taken away at the end.
"""

import sys

from benchmarks import databases, timing, workers, world

CASES = (("whole district", "seat", 6), ("one community", "worker", 12))


def grant(key: str, length: int) -> int:
    """Grant a resident of the world every order that a member of the cast reaches by her post, and none besides. Returns how
    many grants that is."""
    from django.contrib.auth.models import Permission
    from django.contrib.contenttypes.models import ContentType
    from django.db import connection

    from benchmarks import cast
    from volunteers.models import Order

    [post] = cast.person(key).posts_in_force
    kind = ContentType.objects.get_for_model(Order)
    view = Permission.objects.get(content_type=kind, codename="view_order")
    column = {6: "district_code", 12: "community_code"}[length]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO guardian_userobjectpermission (object_pk, content_type_id, permission_id, user_id)"
            f" SELECT id::text, %s, %s, %s FROM volunteers_order WHERE {column} = %s",
            [kind.pk, view.pk, _granted(key).pk, post.code],
        )
        count = cursor.rowcount
        cursor.execute("VACUUM ANALYZE guardian_userobjectpermission")
    return count


def _granted(key: str):
    from governance.models import User

    names = {"seat": "resident-1", "worker": "resident-2"}
    return User.objects.get(username=names[key])


def take_away(key: str) -> None:
    """Take the grants back."""
    from guardian.models import UserObjectPermission

    UserObjectPermission.objects.filter(user=_granted(key)).delete()


def measure(key: str, rounds: int) -> dict[str, list[float]]:
    """Measure newest 25 and the count, by both ways, each from a fresh account. Returns milliseconds."""
    from guardian.shortcuts import get_objects_for_user

    from benchmarks import cast
    from governance.models import User
    from governance.permissions import rule_of
    from volunteers.models import Order

    person, granted = cast.person(key), _granted(key)

    def fresh(user: User) -> User:
        return User(pk=user.pk, username=user.username, is_active=True)

    def by_rule():
        return Order.objects.restrict(fresh(person))

    def by_guardian():
        return get_objects_for_user(
            fresh(granted), "volunteers.view_order", Order, use_groups=False, accept_global_perms=False
        )

    # Her own orders elsewhere come through the rule's exceptions; the grants hold the post's rows alone.
    posted = Order.objects.filter(rule_of(Order).jurisdiction(Order, person, "view"))
    assert [row.pk for row in posted[:25]] == [row.pk for row in by_guardian()[:25]]
    assert posted.count() == by_guardian().count()
    return timing.in_turn(
        {
            "rule, 25": lambda: list(by_rule()[:25]),
            "guardian, 25": lambda: list(by_guardian()[:25]),
            "rule, count": lambda: by_rule().count(),
            "guardian, count": lambda: by_guardian().count(),
            "rule, one row": lambda: fresh(person).has_perm("volunteers.view_order", row),
            "guardian, one row": lambda: by_guardian().filter(pk=row.pk).exists(),
        }
        if (row := posted.first())
        else {},
        rounds,
    )


def main(rounds: int) -> None:
    """Measure and print the table."""
    with databases.server() as found:
        [_, url] = world.ensure(found)
        rows = []
        with workers.hired(url) as [worker]:
            for words, key, length in CASES:
                worker.ask("guardian_lists.take_away", key=key)
                count = worker.ask("guardian_lists.grant", key=key, length=length)
                try:
                    times = worker.ask("guardian_lists.measure", key=key, rounds=rounds)
                finally:
                    worker.ask("guardian_lists.take_away", key=key)
                for what in ("25", "count", "one row"):
                    rule, guardian = times[f"rule, {what}"], times[f"guardian, {what}"]
                    label = {"25": "newest 25", "count": "count", "one row": "may she see this one?"}[what]
                    rows.append(
                        (
                            words,
                            f"{count:,}",
                            label,
                            timing.median(rule),
                            timing.median(guardian),
                            timing.ratio(guardian, rule),
                        )
                    )
    print(
        timing.table(("reach", "grants", "what", "restrict ms", "guardian ms", "guardian : restrict"), rows)
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
