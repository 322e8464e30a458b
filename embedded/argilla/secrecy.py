"""Holes of argilla-server 2.8.0 through which secrets reach logs or Redis, closed."""

import logging
from typing import Any

import httpx
from argilla_server.errors.future import UnprocessableEntityError
from argilla_server.jobs import hub_jobs, webhook_jobs
from fastapi.exceptions import ValidationException
from pydantic import ValidationError
from rq.job import Job

EXPORT_REFUSED = (
    "This server does not export to the Hub: the token would be stored with the job. "
    "Run copydesk publish, or use the SDK's Dataset.to_hub with a token of your own."
)


def close() -> None:
    """Close all of them; before the application or the worker starts."""
    _refuse_exports()
    _describe_jobs_by_name()
    _hide_addresses_of_webhooks()
    for name in ("argilla", "uvicorn.error"):
        logging.getLogger(name).addFilter(_without_input)
    logging.getLogger("uvicorn.access").addFilter(_without_query)


def _refuse_exports() -> None:
    """The job's arguments, a Hugging Face token among them, would lie in Redis and its dump."""

    def refuse(*_: Any, **__: Any) -> None:
        raise UnprocessableEntityError(EXPORT_REFUSED)

    hub_jobs.export_dataset_to_hub_job.delay = refuse


def _describe_jobs_by_name() -> None:
    """RQ describes a job by its call, arguments included, in Redis and in the worker's log."""
    Job.get_call_string = lambda self: self.func_name


def _hide_addresses_of_webhooks() -> None:
    """A webhook's address is often a secret itself, and httpx's errors quote it."""
    notify = webhook_jobs.notify_event

    def notify_or_say_who_failed(webhook: Any, *event: Any) -> Any:
        try:
            return _Answer(notify(webhook, *event), webhook.id)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise WebhookError(f"webhook {webhook.id}: {type(error).__name__}") from None

    webhook_jobs.notify_event = notify_or_say_who_failed


class WebhookError(Exception):
    """A webhook did not take an event; RQ tries again."""


class _Answer:
    """The answer to a job that asks only whether it was a good one."""

    def __init__(self, response: Any, webhook_id: Any) -> None:
        self._status, self._webhook_id = response.status_code, webhook_id

    def raise_for_status(self) -> None:
        if not 200 <= self._status < 300:
            raise WebhookError(f"webhook {self._webhook_id}: HTTP {self._status}")


def _without_input(record: logging.LogRecord) -> bool:
    """A body that is not valid is quoted in the error, passwords included."""
    error = record.exc_info[1] if record.exc_info else record.msg
    if isinstance(error, ValidationException | ValidationError):
        places = (f"{'.'.join(map(str, e['loc']))}: {e['type']}" for e in error.errors())
        record.msg = f"{type(error).__name__} ({', '.join(places)})"
        record.args, record.exc_info, record.exc_text = (), None, None
    return True


def _without_query(record: logging.LogRecord) -> bool:
    """uvicorn's access log: client, method, path with query, HTTP version, status."""
    if isinstance(record.args, tuple) and len(record.args) == 5:
        client, method, path, *rest = record.args
        record.args = (client, method, str(path).partition("?")[0], *rest)
    return True
