"""Addresses of a guest's history, of staff tasks and products, below ``/b/<slug>/``."""

from django.urls import path

from customers.history import billing_views, log_views, product_views, todo_views, views

GUEST = "guests/<int:customer_id>"

urlpatterns = [
    path(f"{GUEST}/stays/new/", views.stay_new, name="stay_new"),
    path(f"{GUEST}/stays/<int:stay_id>/", views.stay_edit, name="stay_edit"),
    path(f"{GUEST}/stays/<int:stay_id>/status/", views.stay_status, name="stay_status"),
    path(f"{GUEST}/activities/new/", log_views.activity_new, name="activity_new"),
    path(f"{GUEST}/activities/<int:activity_id>/pin/", log_views.activity_pin_set, name="activity_pin"),
    path(f"{GUEST}/purchases/new/", billing_views.purchase_new, name="purchase_new"),
    path(f"{GUEST}/purchases/<int:purchase_id>/", billing_views.purchase_edit, name="purchase_edit"),
    path(f"{GUEST}/purchases/<int:purchase_id>/remove/", billing_views.purchase_delete, name="purchase_remove"),
    path(f"{GUEST}/invoices/new/", billing_views.invoice_new, name="invoice_new"),
    path(f"{GUEST}/invoices/<int:invoice_id>/", billing_views.invoice_edit, name="invoice_edit"),
    path(f"{GUEST}/invoices/<int:invoice_id>/paid/", billing_views.invoice_paid, name="invoice_paid"),
    path(f"{GUEST}/tasks/new/", todo_views.guest_todo_new, name="guest_todo_new"),
    path("tasks/", todo_views.todo_list, name="todo_list"),
    path("tasks/new/", todo_views.todo_new, name="todo_new"),
    path("tasks/<int:todo_id>/", todo_views.todo_edit, name="todo_edit"),
    path("tasks/<int:todo_id>/done/", todo_views.todo_finish, name="todo_done"),
    path("settings/products/", product_views.product_list, name="product_list"),
    path("settings/products/<int:product_id>/", product_views.product_edit, name="product_edit"),
    path("settings/products/<int:product_id>/archive/", product_views.product_archived, name="product_archive"),
]
