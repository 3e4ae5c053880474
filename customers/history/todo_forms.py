"""The form of a staff task."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Member, Property
from customers.history.models import Todo
from customers.history.versions import VersionedForm


class TodoForm(VersionedForm):
    """What is to be done, by when and by whom. Prefixed where it stands beside other forms."""

    class Meta:
        model = Todo
        fields = ("title", "due_on", "note")
        widgets = {
            "due_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "note": forms.Textarea(attrs={"rows": 2}),
        }

    field_order = ("title", "due_on", "assignee", "property", "note")

    def __init__(self, *args: Any, with_property: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = Member.objects.filter(is_active=True).select_related("user").order_by("user__name", "id")
        colleagues = {member.pk: str(member) for member in people}
        current = self.instance.assignee
        if current is not None:
            # Who has left keeps the task until somebody gives it to another.
            colleagues.setdefault(current.pk, str(current))
        self.fields["assignee"] = self._choice(_("For whom"), _("Anybody"), list(colleagues.items()))
        properties = list(Property.objects.order_by("name", "id").values_list("pk", "name")) if with_property else []
        if len(properties) > 1:
            self.fields["property"] = self._choice(_("Property"), _("Every property"), properties)
        for name in ("assignee", "property"):
            if name in self.fields and (value := getattr(self.instance, f"{name}_id")) is not None:
                self.initial[name] = value
        self.order_fields(self.field_order)

    @staticmethod
    def _choice(label: Any, empty: Any, rows: list[tuple[int, str]]) -> forms.TypedChoiceField:
        choices = [("", empty), *((str(pk), name) for pk, name in rows)]
        return forms.TypedChoiceField(label=label, required=False, coerce=int, empty_value=None, choices=choices)

    def values(self) -> dict[str, Any]:
        """The task's fields for the services; what the form does not show stays as it is."""
        chosen = {f"{name}_id": self.cleaned_data[name] for name in ("assignee", "property") if name in self.fields}
        return {**{name: self.cleaned_data[name] for name in self.Meta.fields}, **chosen}
