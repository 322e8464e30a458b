"""How long the Hub's client waits: of its own it waits for ever."""

import httpx2
from huggingface_hub import set_client_factory
from huggingface_hub.utils._http import default_client_factory

# Until a connection stands; and for the next byte of an answer: a large commit takes its time.
CONNECT_SECONDS = 30.0
ANSWER_SECONDS = 300.0


def limit_waiting(answer_seconds: float = ANSWER_SECONDS) -> None:
    """All clients of this process give up after this silence; what is open now is closed."""

    def client() -> httpx2.Client:
        made = default_client_factory()
        made.timeout = httpx2.Timeout(answer_seconds, connect=CONNECT_SECONDS)
        return made

    set_client_factory(client)
