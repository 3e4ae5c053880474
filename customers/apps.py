"""Customers: the card and all that is known of a guest."""

from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "customers"

    def ready(self) -> None:
        from accounts.signals import business_created
        from customers.bulk.actions import offer
        from customers.card.defaults import tags_of_new_business
        from customers.segments.starters import segments_of_new_business

        business_created.connect(tags_of_new_business, dispatch_uid="customers-tags")
        business_created.connect(segments_of_new_business, dispatch_uid="customers-segments")
        offer()
