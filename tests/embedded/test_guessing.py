"""What counts as a secret that a stranger would guess."""

from pathlib import Path

import pytest

from embedded.argilla.accounts_file import new_key, new_password
from embedded.argilla.guessing import KEY_MIN_BITS, PASSWORD_MIN_BITS, guesses, is_guessable
from embedded.home import Home


@pytest.mark.parametrize(
    ("secret", "username"),
    [
        ("1234", "argilla"),
        ("argilla.apikey", "argilla"),
        ("owner.apikey", "owner"),
        ("press-desk.press-desk.press-desk", "press-desk"),
        ("marie.curie-12345678-secret-key", "marie.curie"),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "x"),
        ("q8fK2pLw", "x"),
        ("", "x"),
    ],
)
def test_a_guessable_key(secret: str, username: str) -> None:
    assert is_guessable(secret, username, KEY_MIN_BITS)


def test_random_secrets_are_not_guessable(tmp_path: Path) -> None:
    for _ in range(200):
        assert not is_guessable(new_key("owner"), "owner", KEY_MIN_BITS)
        assert not is_guessable(new_password(), "owner", PASSWORD_MIN_BITS)
    assert not is_guessable(Home(tmp_path).secret("argilla-auth"), "", KEY_MIN_BITS)
    assert {"1234", "12345678", "argilla", "bob", "Bob1234", "bobbob"} <= set(guesses("bob"))
