"""What imports say, in the reader's language: the pure readers and mappings only mark their sentences."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.card.models import Customer
from customers.consent.labels import LABELS
from customers.fields.models import CustomField
from customers.fields.values import value_read
from customers.sensitive.models import SensitiveDetail
from imports.causes import CAUSES
from imports.mapping import CONSENTS, GROUPS, LayoutProblem, OwnField, format_of, meaning_of, meanings
from imports.models import ImportRow, ImportRun
from imports.problems import REASONS
from imports.readers import FileError

OUTCOMES: Final = ("created", "updated", "unchanged", "invalid")
_OUTCOMES: Final[dict[str, tuple[Promise, Promise | str]]] = {
    "review": (
        gettext_lazy("Need a look"),
        gettext_lazy("Unless you say otherwise these become new guests; where several cards fit, the oldest is taken."),
    ),
    "create": (gettext_lazy("New guests"), ""),
    "update": (gettext_lazy("Here already, the file adds something"), ""),
    "unchanged": (gettext_lazy("Here already, nothing new"), ""),
    "invalid": (
        gettext_lazy("Cannot be imported"),
        gettext_lazy("These rows stay behind. Put them right in a file of their own and import that."),
    ),
}
_SHORT: Final[dict[str, Promise]] = {
    "review": gettext_lazy("Need a look"),
    "create": gettext_lazy("New guests"),
    "update": gettext_lazy("Changed"),
    "unchanged": gettext_lazy("Already as in the file"),
    "invalid": gettext_lazy("Cannot be imported"),
}
_COUNTED: Final[dict[str, Promise]] = {
    "guests": gettext_lazy("Guests"),
    "stays": gettext_lazy("Stays"),
    "invoices": gettext_lazy("Invoices"),
    "purchases": gettext_lazy("Purchases"),
}
_QUALITY: Final[dict[str, tuple[Promise, Promise]]] = {
    "valid": (gettext_lazy("Can be reached"), gettext_lazy("An e-mail address or phone number that works")),
    "complete": (gettext_lazy("Complete"), gettext_lazy("Name, language, country and postal code")),
    "reachable": (gettext_lazy("Get the newsletter"), gettext_lazy("Have agreed, with an address that works")),
}


@dataclass(frozen=True, slots=True)
class Counted:
    """What became of one kind of entry: (label, number) of those created, updated, unchanged and left out."""

    label: str
    numbers: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Quality:
    """One measure of the register in percent, before and after."""

    label: str
    hint: str
    before: float
    after: float

    @property
    def tone(self) -> str:
        """Good when it rises by half a percent, bad when it falls so."""
        change = self.after - self.before
        return "ok" if change >= 0.5 else "bad" if change <= -0.5 else ""


def outcome_label(outcome: str) -> str:
    """What becomes of rows, as a title."""
    return str(_OUTCOMES[outcome][0])


def outcome_short(outcome: str) -> str:
    """The same in a word or two."""
    return str(_SHORT[outcome])


def outcome_hint(outcome: str) -> str:
    """What one should know of rows with this outcome; empty where the title says it."""
    return str(_OUTCOMES[outcome][1])


def decision_label(decision: str, outcome: str, cause: str) -> str:
    """What a member can say about a row of this outcome and cause."""
    if decision == ImportRow.Decision.SKIP:
        return _("Leave out")
    if decision == ImportRow.Decision.CREATE or outcome == ImportRow.Outcome.CREATE:
        return _("New guest")
    return _("Same guest") if cause == "file" else _("This guest")


def cause_sentence(outcome: str, cause: str) -> str:
    """Why a row becomes what it becomes; the bare key for a cause of an older version."""
    if outcome == ImportRow.Outcome.INVALID:
        return reason_sentence(cause)
    return _(CAUSES[cause]) if cause in CAUSES else cause


def count_labels() -> list[str]:
    """The heads of the columns of `counts_shown`."""
    return [_("New"), _("Changed"), _("Already as in the file"), _("Left out")]


def counts_shown(run: ImportRun) -> list[Counted]:
    """What became, or would become, of each kind of entry that the file brings; guests are always among them."""
    return [
        Counted(
            str(label),
            list(zip(count_labels(), (run.counts[name].get(outcome, 0) for outcome in OUTCOMES), strict=True)),
        )
        for name, label in _COUNTED.items()
        if name in run.counts and (name == "guests" or any(run.counts[name].values()))
    ]


def quality_shown(run: ImportRun) -> list[Quality]:
    """What the file does to the register's quality; empty until that is known."""
    return [
        Quality(str(label), str(hint), *run.quality[measure])
        for measure, (label, hint) in _QUALITY.items()
        if measure in run.quality
    ]


def sentences_of(run: ImportRun) -> list[str]:
    """What else an import did, or would do: consents and sensitive details."""
    said = []
    if consents := run.counts.get("consents"):
        granted, withdrawn = consents.get("granted", 0), consents.get("withdrawn", 0)
        said.append(
            _("Consents: %(granted)s given, %(withdrawn)s withdrawn.") % {"granted": granted, "withdrawn": withdrawn}
        )
    if details := run.counts.get("details"):
        stored, refused = details.get("stored", 0), details.get("refused", 0)
        said.append(
            _("Sensitive details: %(stored)s kept encrypted, %(refused)s left out.")
            % {"stored": stored, "refused": refused}
        )
        if refused:
            said.append(
                _(
                    "Only guests who have consented may have them: in the register, or by a column with their consent "
                    "in the same file."
                )
            )
    return said


def reason_sentence(reason: str) -> str:
    """What is wrong, in the active language; the bare key for a reason of an older version."""
    return _(REASONS[reason][0]) if reason in REASONS else reason


def error_sentence(error: FileError) -> str:
    """Why a file cannot be imported, in the active language."""
    return stored_sentence({"template": error.template, "params": error.params})


def stored_sentence(stored: dict[str, Any]) -> str:
    """The same of an error that a run keeps; of a list in an archive its name goes before."""
    if not stored:
        return ""
    template: str = stored["template"]
    sentence = _(template) % stored["params"]
    inside = stored["params"].get("inside")
    return f"{inside}: {sentence}" if inside else sentence


def extra_sentences(run: ImportRun) -> list[tuple[str, str]]:
    """(column, what it becomes) of what a file has beyond its format, in the active language."""
    fields = extra_fields(run)
    return [(column, _becomes(column, meaning, fields)) for column, meaning in run.extras]


def extra_fields(run: ImportRun) -> dict[str, CustomField]:
    """Column → the field of the business's own that it is read as."""
    ids = {column: int(meaning.rpartition(".")[2]) for column, meaning in run.extras if meaning.startswith("own.")}
    known = CustomField.objects.in_bulk(ids.values()) if ids else {}
    return {column: known[field] for column, field in ids.items() if field in known}


def problem_sentence(reason: str, column: str, value: str, fields: dict[str, CustomField]) -> str:
    """What is wrong, and for a field of the business's own what would be right."""
    sentence = reason_sentence(reason)
    field = fields.get(column)
    if reason != "own_value" or field is None:
        return sentence
    return f"{sentence} {value_read(field.kind, value, options=field.options).error}".strip()


def meanings_grouped(kind: str, fields: Sequence[OwnField]) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a column of a file of this kind can become, in groups: (label of the group, [(key, label)])."""
    grouped: dict[str, list[tuple[str, str]]] = {}
    for meaning in meanings(kind, fields=fields):  # type: ignore[arg-type]
        label = meaning.label if meaning.is_own else _(meaning.label)
        grouped.setdefault(meaning.group, []).append((meaning.key, label))
    return [(_(GROUPS[group]), options) for group, options in grouped.items()]


def meaning_label(key: str, fields: Mapping[str, CustomField] | None = None) -> str:
    """What a column becomes, in a few words."""
    if key.startswith("own."):
        field = (fields or {}).get(key)
        return field.label if field else _("Own field")
    found = meaning_of(key)
    return _(found.label) if found else key


def layout_told(layout: dict[str, Any]) -> list[tuple[str, str]]:
    """(column, what it becomes) of a layout, and what is the same for every row."""
    fields = _own_of(reading["meaning"] for reading in layout.get("readings", ()))
    becomes: dict[str, list[str]] = {}
    for reading in layout.get("readings", ()):
        for column in reading["from"]:
            becomes.setdefault(column, []).append(meaning_label(reading["meaning"], fields))
    told = [(column, ", ".join(labels)) for column, labels in becomes.items()]
    return told + [(f"„{text}“", meaning_label(meaning, fields)) for meaning, text in layout.get("fixed", {}).items()]


def columns_told(run: ImportRun) -> list[tuple[str, str]]:
    """(column, what it becomes) of a run's file."""
    return layout_told(run.layout) if run.layout else extra_sentences(run)


def meanings_of(run: ImportRun) -> list[str]:
    """The keys of all that the columns of a run's file mean."""
    return [reading["meaning"] for reading in run.layout.get("readings", ())] or [meaning for _c, meaning in run.extras]


def layout_problem(problem: LayoutProblem) -> str:
    """What is wrong with a layout, in the active language."""
    return _(problem.template) % problem.params


def format_title(run: ImportRun) -> str:
    """What a file of a known format is called; empty for others."""
    known = format_of(run.format) if run.format else None
    return known.title if known else ""


def policy_told(policy: dict[str, Any]) -> list[tuple[str, str]]:
    """What a policy says, where it says more than what is usual."""
    update = {
        "fill": _("Only fill in what is empty"),
        "newest": _("The newer value counts"),
        "file": _("The file counts"),
    }
    said = [(_("Guests who are here"), update.get(policy.get("update", ""), ""))]
    said += [(_("Wording"), policy.get("wording", "")), (_("Tag"), policy.get("tag", ""))]
    return [(label, value) for label, value in said if value]


def _own_of(found: Iterable[str]) -> dict[str, CustomField]:
    """Meaning → the field of the business's own that it is."""
    ids = {meaning: int(meaning.rpartition(".")[2]) for meaning in found if meaning.startswith("own.")}
    known = CustomField.objects.in_bulk(ids.values()) if ids else {}
    return {meaning: known[field] for meaning, field in ids.items() if field in known}


def group_sentence(group: Any, fields: dict[str, CustomField]) -> str:
    """What is wrong in all problems of a group."""
    value = group.examples[0].value if group.examples else ""
    return problem_sentence(group.reason, group.column, value, fields)


def _becomes(column: str, meaning: str, fields: dict[str, CustomField]) -> str:
    room, _sep, rest = meaning.partition(".")
    if room == "own":
        return fields[column].label if column in fields else ""
    if room == "sensitive":
        return _("Sensitive detail: %(kind)s") % {"kind": SensitiveDetail.Kind(rest).label}
    if room == "guest":
        name = str(Customer._meta.get_field(rest).verbose_name)  # type: ignore[union-attr]
        return name[:1].upper() + name[1:]
    for told, sentence in ((".date", _("%(consent)s: when")), (".source", _("%(consent)s: how"))):
        if meaning.endswith(told):
            return sentence % {"consent": LABELS[CONSENTS[meaning.removesuffix(told)]]}
    return _("%(consent)s: consent") % {"consent": LABELS[CONSENTS[meaning]]}
