"""Forms of a business: itself, its properties, members and invitations; and of a user's preferences."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.countries import currency_choices, time_zone_choices
from accounts.forms.fields import PASSWORD_HINT, CountryField, KindField, NameField, validate_no_link
from accounts.models import Business, Member, Role, User, roles_granted_by
from accounts.models.roles import SENSITIVE_ROLES
from accounts.services.businesses import CHANGEABLE

ROLE_HINTS = {
    Role.RECEPTION: _("finds, creates and edits guests and stays, writes notes, tags"),
    Role.MARKETING: _("finds and tags guests, exports; sees no sensitive details"),
    Role.ADMIN: _("also imports, undoes changes, and looks after reception and marketing"),
    Role.OWNER: _("everything: also the business itself, admins and owners"),
}
"""What each role does, as a hotelier says it."""

LANGUAGE_NAMES = [("en", "English"), ("nb", "Norsk bokmål"), ("da", "Dansk"), ("nl", "Nederlands")]
"""Languages by the name their speakers use; not translated."""


def role_choices(roles: list[Role]) -> list[tuple[str, str]]:
    """``(role, "Reception: finds, creates …")``."""
    return [(role.value, f"{role.label}: {ROLE_HINTS[role]}") for role in roles]


class NewBusinessForm(forms.Form):
    """A further business for somebody who has an account already."""

    business_name = NameField(label=_("Name of the business"))
    country = CountryField()
    property_kind = KindField(label=_("What kind of place is it?"))


class BusinessForm(forms.Form):
    """What an owner may change of a business."""

    name = NameField(label=_("Name"))
    postal_address = forms.CharField(
        label=_("Postal address"),
        max_length=300,
        required=False,
        validators=[validate_no_link],
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
        help_text=_("As on an envelope, without the name. It stands below newsletters and offers, as the law asks."),
    )
    country = CountryField(help_text=_("Phone numbers without a country code are read as numbers of this country."))
    currency = forms.ChoiceField(label=_("Currency"), choices=currency_choices)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zone_choices)
    language = forms.ChoiceField(
        label=_("Language"),
        choices=LANGUAGE_NAMES,
        help_text=_("For guests and new members whose own language is not known."),
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages you write to guests in"),
        choices=LANGUAGE_NAMES,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    sensitive_roles = forms.MultipleChoiceField(
        label=_("Who sees sensitive details"),
        choices=[(role.value, role.label) for role in SENSITIVE_ROLES],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Allergies, food, family and wishes. Each viewing is logged; marketing never sees them."),
    )

    def __init__(self, *args: Any, business: Business, **kwargs: Any) -> None:
        kwargs["initial"] = {field: getattr(business, field) for field in CHANGEABLE}
        super().__init__(*args, **kwargs)
        # A currency or zone outside the list, set by a command, must survive an unrelated change.
        for name in ("currency", "time_zone"):
            field: Any = self.fields[name]
            if kwargs["initial"][name] not in dict(field.choices):
                field.choices = [(kwargs["initial"][name], kwargs["initial"][name]), *field.choices]


class PropertyForm(forms.Form):
    """A property's name and kind."""

    name = NameField(label=_("Name"))
    kind = KindField()


class RoleForm(forms.Form):
    """A role the acting member may give."""

    role = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, by: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["role"]
        field.choices = role_choices(roles_granted_by(by.role))


class InviteForm(RoleForm):
    """Whom to invite, and as what."""

    email = forms.EmailField(label=_("E-mail"), max_length=254)
    field_order = ["email", "role"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].initial = Role.RECEPTION
        self.fields["email"].widget.attrs["autocomplete"] = "off"

    def clean_email(self) -> str:
        """Addresses are kept in small letters."""
        return str(self.cleaned_data["email"]).strip().lower()


class JoinForm(forms.Form):
    """A new account for somebody who was invited; the address is the invitation's."""

    name = NameField(label=_("Your name"))
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        help_text=PASSWORD_HINT,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email
        self.fields["name"].widget.attrs["autocomplete"] = "name"

    def clean(self) -> dict[str, Any]:
        """The password must not be like the name or the address."""
        data = super().clean() or {}
        if "password" in data:
            try:
                validate_password(data["password"], User(email=self.email, name=data.get("name", "")))
            except ValidationError as error:
                self.add_error("password", error)
        return data


class PreferencesForm(forms.Form):
    """A user's own name, language and look."""

    name = NameField(label=_("Your name"))
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGE_NAMES)
    theme = forms.ChoiceField(label=_("Appearance"), choices=User.Theme.choices, widget=forms.RadioSelect)
    density = forms.ChoiceField(label=_("Row height"), choices=User.Density.choices, widget=forms.RadioSelect)
    shortcuts = forms.BooleanField(
        label=_("Single-key shortcuts"),
        required=False,
        help_text=_("N for a note, C for a new guest, and so on. Ctrl-K works either way."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        kwargs["initial"] = {field: getattr(user, field) for field in self.base_fields}
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["autocomplete"] = "name"


class PreferenceForm(forms.Form):
    """Single preferences, from a menu: whichever of the fields are sent."""

    language = forms.ChoiceField(choices=LANGUAGE_NAMES, required=False)
    theme = forms.ChoiceField(choices=User.Theme.choices, required=False)
    density = forms.ChoiceField(choices=User.Density.choices, required=False)
    shortcuts = forms.ChoiceField(choices=[("on", "on"), ("off", "off")], required=False)

    def chosen(self) -> dict[str, Any]:
        """The preferences that were sent, ready to be stored; call after ``is_valid()``."""
        values: dict[str, Any] = {name: value for name, value in self.cleaned_data.items() if value}
        if "shortcuts" in values:
            values["shortcuts"] = values["shortcuts"] == "on"
        return values
