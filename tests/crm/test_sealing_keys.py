"""The keys of sensitive details in the environment: read strictly, generated where nobody gave any."""

import base64
import json
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from crm import env
from tests.crm.services_probe import probe

NAME = "INNKEEPER_SENSITIVE_KEYS"
ONE, TWO = base64.b64encode(b"1" * 32).decode(), base64.b64encode(b"2" * 32).decode()


def test_keys_are_read_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, f"second:{TWO}, first:{ONE}")
    assert env.sealing_keys(NAME) == (("second", b"2" * 32), ("first", b"1" * 32))


@pytest.mark.parametrize(
    ("description", "value", "said"),
    [
        ("nothing", "", "is not set"),
        ("no name", ONE, "no proper name"),
        ("a name of capitals", f"First:{ONE}", "no proper name"),
        ("a name that is too long", f"{'a' * 17}:{ONE}", "no proper name"),
        ("an end that is empty", f"a:{ONE},", "no proper name"),
        ("a name twice", f"a:{ONE},a:{TWO}", "two keys called a"),
        ("no base64", "a:secret-secret-secret!", "not base64"),
        ("too short", f"a:{base64.b64encode(b'1' * 16).decode()}", "16 bytes"),
    ],
)
def test_malformed_keys_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, description: str, value: str, said: str
) -> None:
    monkeypatch.setenv(NAME, value)
    with pytest.raises(ImproperlyConfigured, match=said) as error:
        env.sealing_keys(NAME)
    assert ONE not in str(error.value)
    assert "secret-secret" not in str(error.value)


def test_the_embedded_default_makes_a_key_once_and_keeps_it(tmp_path: Path) -> None:
    show = f"embedded.configure(home); print(os.environ['{NAME}'])"
    first, second = probe(tmp_path, show), probe(tmp_path, show)
    assert first == second
    assert json.loads((tmp_path / "services.json").read_text())["secrets"][NAME] == first.strip()
    assert (tmp_path / "services.json").stat().st_mode & 0o077 == 0
    assert probe(tmp_path, show, INNKEEPER_SENSITIVE_KEYS=f"own:{ONE}").strip() == f"own:{ONE}"


def test_a_home_of_before_gets_its_key_added(tmp_path: Path) -> None:
    show = f"embedded.configure(home); print(os.environ['INNKEEPER_SECRET_KEY'], os.environ['{NAME}'])"
    probe(tmp_path, show)
    state = json.loads((tmp_path / "services.json").read_text())
    del state["secrets"][NAME]
    (tmp_path / "services.json").write_text(json.dumps(state))
    secret, key = probe(tmp_path, show).split()
    assert secret == state["secrets"]["INNKEEPER_SECRET_KEY"]
    assert len(base64.b64decode(key.removeprefix("first:"))) == 32
