"""The forms of the file: scans, the sealing, and what asks for a reason."""

from typing import Any

from django import forms

from governance.forms import ActionForm, PhotosField
from governance.models import Matter
from mediation import papers
from mediation.flow.archiving import MOST_SCANS, usual_retention
from mediation.models import DisputePhoto, Retention


class ScanForm(forms.Form):
    """Pictures that are put into a file, and what they are."""

    kind = forms.ChoiceField(
        label="材料",
        choices=DisputePhoto.Kind.choices,
        error_messages=dict.fromkeys(("required", "invalid_choice"), "请选择是什么材料。"),
    )
    words = forms.CharField(label="说明", required=False, max_length=60)
    photos = PhotosField(max_files=MOST_SCANS, required=True, error_messages={"required": "请选择照片。"})


class ArchiveForm(ActionForm):
    """The sealing of a file (the action ``archive``): for how long it is kept, and why it is not complete where it is not."""

    retention = forms.ChoiceField(label="保管期限", choices=Retention.choices)
    incomplete = forms.BooleanField(label="卷内不全，仍要归档", required=False)
    note_label = "卷内为什么不全"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        lacking = papers.missing(papers.Case(self.matter))
        if lacking:
            self.fields["incomplete"].help_text = f"卷内还缺：{'、'.join(lacking)}"
        else:
            del self.fields["incomplete"], self.fields["note"]

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        return {"retention": usual_retention(matter)}
