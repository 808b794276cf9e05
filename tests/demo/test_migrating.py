"""The faster ``migrate`` sends the database the same statements as Django's, in the same order."""

from django.db import connection, migrations, models
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState

from demo.management.commands.migrate import apply, plain


def _key():
    return ("id", models.BigAutoField(primary_key=True))


class Shelves(Migration):
    """Models that point to each other, with what is added to them afterwards, some of it in between."""

    operations = [
        migrations.CreateModel("Shelf", [_key(), ("name", models.CharField(max_length=20))]),
        migrations.CreateModel(
            "Book",
            [
                _key(),
                ("shelf", models.ForeignKey("library.Shelf", models.CASCADE)),
                ("title", models.TextField()),
            ],
            options={"indexes": [models.Index(fields=["title"], name="book_title")]},
        ),
        migrations.AddIndex("Book", models.Index(fields=["shelf", "title"], name="book_place")),
        migrations.AddConstraint("Shelf", models.UniqueConstraint(fields=["name"], name="shelf_name")),
        migrations.AddField("Shelf", "first", models.ForeignKey("library.Book", models.SET_NULL, null=True)),
        migrations.CreateModel(
            "Loan",
            [
                _key(),
                ("book", models.ForeignKey("library.Book", models.CASCADE)),
                ("due", models.DateField()),
            ],
        ),
        migrations.RunSQL("SELECT 1"),
        migrations.CreateModel("Reader", [_key(), ("loans", models.ManyToManyField("library.Loan"))]),
        migrations.CreateModel(
            "Card", [_key(), ("reader", models.OneToOneField("library.Reader", models.PROTECT))]
        ),
        migrations.AddIndex("Loan", models.Index(fields=["due"], name="loan_due")),
    ]


def statements_of(way, *, rendered: bool) -> tuple[list[str], dict]:
    """Return what a way to apply the migration sends to the database, and the models it ends with."""
    state = ProjectState()
    if rendered:
        _ = state.apps
    with connection.schema_editor() as editor:
        sent = []
        editor.execute = lambda sql, params=(): sent.append(f"{sql} {params}")
        state = way(Shelves("0001_shelves", "library"), state, editor)
        sent += map(str, editor.deferred_sql)
        editor.deferred_sql.clear()
    models_ = {
        model.__name__: sorted(str(each) for each in model._meta.get_fields())
        for model in state.apps.get_models()
    }
    return sent, models_


def test_the_same_statements_in_the_same_order(db):
    wanted = statements_of(plain, rendered=True)
    assert len(wanted[0]) > 10 and len(wanted[1]) == 5
    assert statements_of(apply, rendered=True) == wanted
    assert statements_of(apply, rendered=False) == wanted
