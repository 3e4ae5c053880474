"""The API of purchases, invoices and products."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.pagination import page_response
from accounts.api.schema import IF_MATCH
from customers.history.api.frame import HistoryView
from customers.history.billing_serializers import (
    InvoiceChange,
    InvoiceIn,
    InvoiceOut,
    InvoicePage,
    InvoiceQuery,
    ProductIn,
    ProductOut,
    ProductPage,
    PurchaseChange,
    PurchaseIn,
    PurchaseOut,
    PurchasePage,
    PurchaseQuery,
)
from customers.history.external import invoice_book, purchase_book
from customers.history.models import Invoice, Purchase
from customers.history.selectors import product_list
from customers.history.services import invoice_update, product_add, purchase_update


class Invoices(HistoryView):
    """All invoices."""

    @extend_schema(
        operation_id="list_invoices",
        summary="List invoices",
        tags=["Invoices"],
        parameters=[InvoiceQuery],
        responses=InvoicePage,
    )
    def get(self, request: Request, slug: str) -> Response:
        query = self.query(InvoiceQuery)
        filters: dict[str, Any] = {"customer_id": query.get("guest"), "number": query.get("number")}
        rows = Invoice.objects.filter(**{name: value for name, value in filters.items() if value})
        if query["is_paid"] is not None:
            rows = rows.filter(paid_on__isnull=not query["is_paid"])
        return page_response(request, rows, query=query, show=InvoiceOut)

    @extend_schema(
        operation_id="create_invoice",
        summary="Add an invoice",
        tags=["Invoices"],
        request=InvoiceIn,
        responses={201: InvoiceOut},
    )
    def post(self, request: Request, slug: str) -> Response:
        body = self.body(InvoiceIn)
        guest_id, outside = self.guest_named(body), body.pop("outside")
        invoice = invoice_book(business=self.business, customer_id=guest_id, values=body, outside=outside)
        return Response(InvoiceOut(Invoice.objects.get(pk=invoice.pk)).data, status=201)


class InvoiceOfAll(HistoryView):
    """One invoice."""

    @extend_schema(operation_id="get_invoice", summary="Read an invoice", tags=["Invoices"], responses=InvoiceOut)
    def get(self, request: Request, slug: str, invoice_id: int) -> Response:
        return Response(InvoiceOut(Invoice.objects.get(pk=invoice_id)).data)

    @extend_schema(
        operation_id="update_invoice",
        summary="Change an invoice, or say when it was paid",
        tags=["Invoices"],
        parameters=[IF_MATCH],
        request=InvoiceChange,
        responses=InvoiceOut,
    )
    def patch(self, request: Request, slug: str, invoice_id: int) -> Response:
        invoice = Invoice.objects.select_for_update(no_key=True).get(pk=invoice_id)
        body = self.body(InvoiceChange, row=invoice)
        self.unchanged(invoice, self.expected_version(body), InvoiceOut)
        invoice_update(invoice_id=invoice_id, values=body)
        return Response(self.told(InvoiceOut(Invoice.objects.get(pk=invoice_id)).data))


class Purchases(HistoryView):
    """All purchases."""

    @extend_schema(
        operation_id="list_purchases",
        summary="List purchases",
        tags=["Purchases"],
        parameters=[PurchaseQuery],
        responses=PurchasePage,
    )
    def get(self, request: Request, slug: str) -> Response:
        query = self.query(PurchaseQuery)
        filters: dict[str, Any] = {"customer_id": query.get("guest"), "product_id": query.get("product")}
        rows = Purchase.objects.filter(**{name: value for name, value in filters.items() if value})
        return page_response(request, rows, query=query, show=PurchaseOut)

    @extend_schema(
        operation_id="create_purchase",
        summary="Add a purchase",
        tags=["Purchases"],
        request=PurchaseIn,
        responses={201: PurchaseOut},
    )
    def post(self, request: Request, slug: str) -> Response:
        body = self.body(PurchaseIn)
        guest_id, outside = self.guest_named(body), body.pop("outside")
        purchase = purchase_book(business=self.business, customer_id=guest_id, values=body, outside=outside)
        return Response(PurchaseOut(Purchase.objects.get(pk=purchase.pk)).data, status=201)


class PurchaseOfAll(HistoryView):
    """One purchase."""

    @extend_schema(operation_id="get_purchase", summary="Read a purchase", tags=["Purchases"], responses=PurchaseOut)
    def get(self, request: Request, slug: str, purchase_id: int) -> Response:
        return Response(PurchaseOut(Purchase.objects.get(pk=purchase_id)).data)

    @extend_schema(
        operation_id="update_purchase",
        summary="Change a purchase",
        tags=["Purchases"],
        parameters=[IF_MATCH],
        request=PurchaseChange,
        responses=PurchaseOut,
    )
    def patch(self, request: Request, slug: str, purchase_id: int) -> Response:
        purchase = Purchase.objects.select_for_update(no_key=True).get(pk=purchase_id)
        body = self.body(PurchaseChange, row=purchase)
        self.unchanged(purchase, self.expected_version(body), PurchaseOut)
        purchase_update(purchase_id=purchase_id, values=body)
        return Response(self.told(PurchaseOut(Purchase.objects.get(pk=purchase_id)).data))


class Products(HistoryView):
    """What the business sells beside nights."""

    @extend_schema(operation_id="list_products", summary="List products", tags=["Purchases"], responses=ProductPage)
    def get(self, request: Request, slug: str) -> Response:
        return Response({"items": ProductOut(product_list(), many=True).data})

    @extend_schema(
        operation_id="create_product",
        summary="Add a product",
        tags=["Purchases"],
        request=ProductIn,
        responses={201: ProductOut},
    )
    def post(self, request: Request, slug: str) -> Response:
        body = self.body(ProductIn)
        return Response(ProductOut(product_add(name=body["name"], code=body.get("code", ""))).data, status=201)


urlpatterns = [
    path("invoices/", Invoices.as_view(), name="api_invoices"),
    path("invoices/<int:invoice_id>/", InvoiceOfAll.as_view(), name="api_invoice"),
    path("purchases/", Purchases.as_view(), name="api_purchases"),
    path("purchases/<int:purchase_id>/", PurchaseOfAll.as_view(), name="api_purchase"),
    path("products/", Products.as_view(), name="api_products"),
]
