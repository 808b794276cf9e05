"""Steps, closings, answers and the log of sources can only grow, and a published evaluation stays as it is: the database refuses
to change or delete their rows."""

from django.db import migrations

from governance.models.audit import append_only_sql

TABLES = (
    "incidentstep",
    "closing",
    "callback",
    "sourcecall",
    "whistlestep",
    "whistleslipstep",
    "evaluationstep",
    "answerline",
)

FREEZE = """
CREATE FUNCTION portal_published_evaluation() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    frozen boolean;
BEGIN
    IF TG_TABLE_NAME = 'incidents_evaluation' THEN
        frozen := OLD.status = 'published';
    ELSIF TG_TABLE_NAME = 'incidents_deduction' THEN
        frozen := EXISTS (
            SELECT FROM incidents_evaluationscore
            WHERE published_at IS NOT NULL
            AND (TG_OP <> 'INSERT' AND id = OLD.score_id OR TG_OP <> 'DELETE' AND id = NEW.score_id)
        );
    ELSE
        frozen := EXISTS (
            SELECT FROM incidents_evaluation
            WHERE status = 'published'
            AND (TG_OP <> 'INSERT' AND id = OLD.evaluation_id OR TG_OP <> 'DELETE' AND id = NEW.evaluation_id)
        );
        IF TG_TABLE_NAME = 'incidents_evaluationscore' AND TG_OP <> 'INSERT' THEN
            frozen := frozen OR OLD.published_at IS NOT NULL;
        END IF;
    END IF;
    IF frozen THEN
        RAISE EXCEPTION '% of a published evaluation is frozen', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER incidents_evaluation_published BEFORE UPDATE OR DELETE ON incidents_evaluation
FOR EACH ROW EXECUTE FUNCTION portal_published_evaluation();
CREATE TRIGGER incidents_evaluationscore_published BEFORE INSERT OR UPDATE OR DELETE ON incidents_evaluationscore
FOR EACH ROW EXECUTE FUNCTION portal_published_evaluation();
CREATE TRIGGER incidents_deduction_published BEFORE INSERT OR UPDATE OR DELETE ON incidents_deduction
FOR EACH ROW EXECUTE FUNCTION portal_published_evaluation();
CREATE TRIGGER incidents_communityscore_published BEFORE INSERT OR UPDATE OR DELETE ON incidents_communityscore
FOR EACH ROW EXECUTE FUNCTION portal_published_evaluation();
"""
UNFREEZE = """
DROP TRIGGER incidents_evaluation_published ON incidents_evaluation;
DROP TRIGGER incidents_evaluationscore_published ON incidents_evaluationscore;
DROP TRIGGER incidents_deduction_published ON incidents_deduction;
DROP TRIGGER incidents_communityscore_published ON incidents_communityscore;
DROP FUNCTION portal_published_evaluation();
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0001_initial"), ("governance", "0003_append_only")]
    operations = [
        *(migrations.RunSQL(*append_only_sql(f"incidents_{table}")) for table in TABLES),
        migrations.RunSQL(FREEZE, UNFREEZE),
    ]
