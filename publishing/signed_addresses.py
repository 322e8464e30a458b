"""What the client logs of its requests, without what lets a reader upload or download."""

import logging

from publishing.hub_errors import without_secrets

# Those that name an address: every request, failed ones and their retries, uploads, downloads.
LOGGERS = (
    "httpx2",
    *(f"huggingface_hub.{name}" for name in ("utils._http", "lfs", "file_download", "hf_api")),
)


def hide_signed_addresses() -> None:
    """From now on, in every log; doing it twice changes nothing."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_hidden)


def _hidden(record: logging.LogRecord) -> bool:
    record.msg, record.args = without_secrets(record.getMessage()), None
    return True
