"""What the views of imports have in common."""

from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework.response import Response

from accounts.api.problems import Problem, invalid
from accounts.api.views import ApiView
from accounts.tenancy.runs import nudge
from customers.changes.services import CannotUndo
from imports.mapping import MappingError
from imports.models import ImportMapping, ImportRun
from imports.readers import FileError, SourceFile, open_source
from imports.readers.errors import FileTooLarge
from imports.serializers import ImportOut
from imports.services import DecisionRefused, RunRefused
from imports.services.mappings import MappingInUse, NameTaken
from imports.store import store_opener
from imports.tasks import import_run_check
from imports.wording import error_sentence, layout_problem

TAGS = ["Imports"]


class ImportView(ApiView):
    """What the views of imports have in common: refusals become problems."""

    def handle_exception(self, exc: Exception) -> Response:
        match exc:
            case ImportRun.DoesNotExist() | ImportMapping.DoesNotExist():
                exc = Http404()
            case MappingError():
                exc = invalid({"layout": " ".join(dict.fromkeys(map(layout_problem, exc.problems)))})
            case FileTooLarge():
                exc = Problem(413, "too_large", error_sentence(exc))
            case FileError():
                exc = invalid({"file": error_sentence(exc)})
            case RunRefused():
                exc = Problem(409, "refused", _("The import is not in a state in which this can be done."))
            case DecisionRefused():
                exc = invalid({"decision": _("Not all of these rows have a card they could be.")})
            case NameTaken():
                exc = invalid({"name": _("Another mapping has this name.")})
            case MappingInUse():
                exc = Problem(409, "refused", _("A nightly import uses this mapping. Stop that first."))
            case CannotUndo():
                exc = Problem(409, "refused", str(exc))
        return super().handle_exception(exc)

    def shown(self, run: ImportRun, status: int = 200) -> Response:
        """The run; whoever may not read gets its id."""
        return Response(self.told(ImportOut(run).data), status=status)

    def looked_through(self, run: ImportRun, status: int = 200) -> Response:
        """The run, to be looked through behind the answer where it is known what its columns mean."""
        if run.state == ImportRun.State.CHECKING:
            nudge(import_run_check, run)
        return self.shown(run, status)

    def opened(self, run: ImportRun) -> SourceFile:
        """The run's file."""
        if not run.upload:
            raise Problem(409, "refused", _("The original file is deleted, and its rows with it."))
        return open_source(store_opener(run.upload, self.business), name=run.file_name)
