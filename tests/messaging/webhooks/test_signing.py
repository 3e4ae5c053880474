"""Signatures and pauses: known answers, and the code that docs/webhooks.md gives to receivers."""

import datetime as dt
import re
import subprocess
from pathlib import Path
from typing import Any

import playwright
import pytest

from messaging.webhooks.pauses import EXPIRES_AFTER, PAUSES, asked_for, pause_after, rest_after
from messaging.webhooks.signing import NoSecret, headers, secret_read, secret_text, signature

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'
NODE = Path(playwright.__file__).parent / "driver" / "node"
DOCS = Path(__file__).parents[3] / "docs" / "webhooks.md"
MINUTE = dt.timedelta(minutes=1)


def block(language: str) -> str:
    """What the documentation has receivers write."""
    found = re.search(rf"```{language}\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found[1]


def test_the_answer_of_the_specifications_own_example() -> None:
    told = signature(secret=SECRET, webhook_id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=1614265330, body=BODY)
    assert told == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_two_secrets_sign_both() -> None:
    other = secret_text(b"k" * 32)
    assert secret_read(other) == b"k" * 32
    told = headers(secrets=(SECRET, other), webhook_id="msg_1", timestamp=7, body=BODY)
    alone = [signature(secret=each, webhook_id="msg_1", timestamp=7, body=BODY) for each in (SECRET, other)]
    assert told["webhook-signature"].split(" ") == alone
    assert (told["webhook-id"], told["webhook-timestamp"]) == ("msg_1", "7")


@pytest.mark.parametrize("text", ["", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_a", "whsec_æ"])
def test_what_is_no_secret(text: str) -> None:
    with pytest.raises(NoSecret):
        secret_read(text)


def checks(now: dt.datetime, **changed: Any) -> list[tuple[dict[str, str], bytes, bool]]:
    """Requests, and whether a receiver is to take them."""
    told = headers(secrets=(SECRET,), webhook_id="msg_1", timestamp=int(now.timestamp()), body=BODY)
    both = headers(
        secrets=(secret_text(b"o" * 32), SECRET), webhook_id="msg_1", timestamp=int(now.timestamp()), body=BODY
    )
    old = headers(secrets=(SECRET,), webhook_id="msg_1", timestamp=int(now.timestamp()) - 400, body=BODY)
    other = headers(secrets=(secret_text(b"o" * 32),), webhook_id="msg_1", timestamp=int(now.timestamp()), body=BODY)
    return [
        (told, BODY, True),
        (both, BODY, True),
        (told, BODY + b" ", False),
        (told | {"webhook-id": "msg_2"}, BODY, False),
        (old, BODY, False),
        (other, BODY, False),
    ]


def test_receivers_can_check_it_as_the_documentation_has_it_in_python() -> None:
    code: dict[str, Any] = {}
    exec(block("python"), code)
    for sent, body, taken in checks(dt.datetime.now(dt.UTC)):
        assert code["is_from_innkeeper"](SECRET, sent, body) == taken


def test_receivers_can_check_it_as_the_documentation_has_it_in_javascript(tmp_path: Path) -> None:
    asked = [
        f"isFromInnkeeper({SECRET!r}, {sent!r}, Buffer.from({body.decode()!r}))"
        for sent, body, _taken in checks(dt.datetime.now(dt.UTC))
    ]
    script = tmp_path / "check.mjs"
    script.write_text(f"{block('javascript')}\nconsole.log(JSON.stringify([{', '.join(asked)}]))\n")
    done = subprocess.run([NODE, script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[true,true,false,false,false,false]"


def test_pauses_grow_and_end() -> None:
    told = [pause_after(number) for number in range(1, len(PAUSES) + 1)]
    assert told == list(PAUSES) == sorted(PAUSES)
    assert pause_after(len(PAUSES) + 1) is None
    assert sum(PAUSES, dt.timedelta()) < EXPIRES_AFTER
    # Who asks for more time gets it, and never less than is given anyway.
    assert pause_after(1, asked=5 * MINUTE) == 5 * MINUTE
    assert pause_after(3, asked=MINUTE) == PAUSES[2]
    assert pause_after(1, asked=dt.timedelta(days=9)) == dt.timedelta(days=1)


def test_an_endpoint_rests_longer_and_longer() -> None:
    rests = [rest_after(number, is_about_all=True) for number in range(1, 8)]
    assert rests == sorted(each for each in rests if each) and rests[-1] == rests[-2] == dt.timedelta(hours=1)
    # What may be about one delivery alone does not stop the others at once.
    assert [rest_after(number, is_about_all=False) for number in (1, 2, 3)] == [None, None, rests[0]]
    assert rest_after(1, is_about_all=True, asked=10 * MINUTE) == 10 * MINUTE


@pytest.mark.parametrize(
    ("header", "seconds"), [("120", 120), (" 5 ", 5), ("", None), (None, None), ("-1", None), ("9999999", None)]
)
def test_retry_after_in_seconds_is_heeded(header: str | None, seconds: int | None) -> None:
    assert asked_for(header) == (None if seconds is None else dt.timedelta(seconds=seconds))
