"""Pages as a member asks for them, and what their answers say."""

from typing import Any

from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from accounts.models import Member
from tests.cast import House


def client_of(member: Member) -> Client:
    """A browser in which the member is signed in."""
    client = Client()
    client.force_login(member.user)
    return client


def address(house: House, name: str, **kwargs: Any) -> str:
    """The page of a business by the name of its route."""
    return reverse(name, kwargs={"slug": house.slug, **kwargs})


def told(answer: Any) -> list[str]:
    """What the answer's toasts say."""
    return [str(message) for message in get_messages(answer.wsgi_request)]


def way_back(answer: Any) -> str:
    """Where the Undo of the answer's toast leads."""
    tags = [message.extra_tags for message in get_messages(answer.wsgi_request) if message.extra_tags]
    return str(tags[0]).removeprefix("undo=")
