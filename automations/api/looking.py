"""The API of what one looks at before there is an automation: recipes, and what is wrong with a definition."""

from django.urls import path
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.problems import invalid
from accounts.api.views import READ
from automations.api.frame import AutomationView, doubts_told, faults_listed
from automations.api.serializers import (
    AutomationOut,
    CheckIn,
    CheckOut,
    FromRecipeIn,
    RecipeOut,
    RecipePage,
)
from automations.building.checking import definition_check
from automations.building.recipes import recipe_use, recipes
from automations.definition import DefinitionError, definition_read


class Recipes(AutomationView):
    """What to begin with."""

    @extend_schema(
        operation_id="list_recipes",
        summary="List the automations to begin with",
        description="In the language of `Accept-Language`.",
        tags=["Automations"],
        responses=RecipePage,
    )
    def get(self, request: Request, slug: str) -> Response:
        language = (get_language() or "en").partition("-")[0]
        shown = [
            {"code": key, "name": each.name_in(language), "description": each.about_in(language)}
            for key, each in recipes().items()
        ]
        return Response({"items": RecipeOut(shown, many=True).data})

    @extend_schema(
        operation_id="create_automation_from_recipe",
        summary="Make an automation of a recipe",
        description="A draft, and the templates it needs unless they are there already.",
        tags=["Automations"],
        request=FromRecipeIn,
        responses={201: AutomationOut},
    )
    def post(self, request: Request, slug: str) -> Response:
        body = self.body(FromRecipeIn)
        if body["recipe"] not in recipes():
            raise invalid({"recipe": _("There is no recipe of this name.")})
        made = recipe_use(key=body["recipe"], business=self.business, name=body.get("name", ""))
        return self.automation(made.pk, status=201)


class Check(AutomationView):
    """What is wrong with a definition."""

    scopes = {"POST": READ}

    @extend_schema(
        operation_id="check_automation",
        summary="Tell what is wrong with a definition, and save nothing",
        description="With `problems` it cannot be turned on, with `warnings` it can.",
        tags=["Automations"],
        request=CheckIn,
        responses=CheckOut,
    )
    def post(self, request: Request, slug: str) -> Response:
        data = self.body(CheckIn)["definition"]
        try:
            definition = definition_read(data)
        except DefinitionError as error:
            return Response({"problems": faults_listed(error.problems), "warnings": []})
        faults = definition_check(definition)
        return Response({"problems": faults_listed(faults), "warnings": doubts_told(definition, self.business)})


urlpatterns = [
    path("automation-recipes/", Recipes.as_view(), name="api_recipes"),
    path("automations/check/", Check.as_view(), name="api_automation_check"),
]
