"""The settings page of products."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from customers.history.billing_forms import ProductForm
from customers.history.models import Product
from customers.history.selectors import product_list as products
from customers.history.services import ProductRefused, product_add, product_archive, product_update


@requires(Capability.SET_UP)
@require_http_methods(["GET", "HEAD", "POST"])
def product_list(request: BusinessRequest, slug: str) -> HttpResponse:
    """What the business sells beside nights, and a new product."""
    form = ProductForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            product = product_add(name=form.cleaned_data["name"], code=form.cleaned_data["code"])
            messages.success(request, _("“%(name)s” is among the products.") % {"name": product})
            return redirect("product_list", slug=slug)
        except ProductRefused as refused:
            form.add_error("name", str(refused))
    context = {"form": form, "products": products()}
    return render(request, "history/products.html", context, status=422 if form.errors else 200)


@requires(Capability.SET_UP)
@require_http_methods(["GET", "HEAD", "POST"])
def product_edit(request: BusinessRequest, slug: str, product_id: int) -> HttpResponse:
    """Rename a product or change its code."""
    product = _find(product_id)
    form = ProductForm(request.POST or None, instance=product)
    if request.method == "POST" and form.is_valid():
        try:
            product_update(product_id=product_id, name=form.cleaned_data["name"], code=form.cleaned_data["code"])
            messages.success(request, _("The product is changed."))
            return redirect("product_list", slug=slug)
        except ProductRefused as refused:
            form.add_error("name", str(refused))
    # The name as it is kept: the form has written the new one on its own copy.
    context = {"form": form, "product": _find(product_id)}
    return render(request, "history/product.html", context, status=422 if form.errors else 200)


@requires(Capability.SET_UP)
@require_POST
def product_archived(request: BusinessRequest, slug: str, product_id: int) -> HttpResponse:
    """Take a product off the choices; with ``restore`` put it back."""
    _find(product_id)
    archived = "restore" not in request.POST
    product = product_archive(product_id=product_id, archived=archived)
    said = _("“%(name)s” is archived.") if archived else _("“%(name)s” can be chosen again.")
    messages.success(request, said % {"name": product})
    return redirect("product_list", slug=slug)


def _find(product_id: int) -> Product:
    product = Product.objects.filter(pk=product_id).first()
    if product is None:
        raise Http404
    return product
