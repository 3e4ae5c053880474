"""Writes on the products a business sells beside nights. They are settings: no change set, nothing of a guest."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from customers.history.models import Product
from customers.history.services.refusals import ProductRefused


def product_add(*, name: str, code: str = "") -> Product:
    """Add a product. Raises :class:`ProductRefused` without a name, or when name or code is another's."""
    return _save(Product(name=name.strip(), code=code.strip()))


def product_update(*, product_id: int, name: str, code: str) -> Product:
    """Rename a product or give it another code. Raises ``Product.DoesNotExist`` and :class:`ProductRefused`."""
    product = Product.objects.get(pk=product_id)
    product.name, product.code = name.strip(), code.strip()
    return _save(product)


def product_archive(*, product_id: int, archived: bool) -> Product:
    """Take a product off the choices, or put it back; purchases keep it. Raises ``Product.DoesNotExist``."""
    product = Product.objects.get(pk=product_id)
    product.is_archived = archived
    product.save(update_fields=["is_archived"])
    return product


def _save(product: Product) -> Product:
    if not product.name:
        raise ProductRefused(_("Write what the product is called."))
    others = Product.objects.exclude(pk=product.pk)
    if others.filter(name=product.name).exists():
        raise ProductRefused(_("There is already a product called “%(name)s”.") % {"name": product.name})
    if product.code and others.filter(code=product.code).exists():
        raise ProductRefused(_("The code “%(code)s” is another product's.") % {"code": product.code})
    try:
        with transaction.atomic():
            product.save()
    except IntegrityError as error:
        # Somebody added the same one at this moment.
        raise ProductRefused(_("There is already a product with this name or code.")) from error
    return product
