"""Messages: written, let through or held back, sent once, and what became of them."""

from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "messaging"

    def ready(self) -> None:
        from accounts.signals import keys_asked, keys_changed
        from messaging.campaigns.offered import offer as campaigns_offer
        from messaging.transports.secrets import transport_keys_missing, transport_keys_reseal
        from messaging.webhooks.secrets import webhook_keys_missing, webhook_keys_reseal
        from messaging.written.offered import offer as written_offer

        keys_asked.connect(transport_keys_missing, dispatch_uid="messaging-transports")
        keys_changed.connect(transport_keys_reseal, dispatch_uid="messaging-transports")
        keys_asked.connect(webhook_keys_missing, dispatch_uid="messaging-webhooks")
        keys_changed.connect(webhook_keys_reseal, dispatch_uid="messaging-webhooks")
        campaigns_offer()
        written_offer()
