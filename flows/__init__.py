"""Prefect flows, one a file; the only room that knows Prefect."""

import logging

# Prefect gives these rooms a handler (PREFECT_LOGGING_EXTRA_LOGGERS) but no level: without one,
# progress would be missing on the page of a run. Loggers of flow files have their names written
# out, because a worker imports those files under another name.
ROOMS = ("argilla_settings", "corpus", "flows", "publishing", "training")
for room in ROOMS:
    logging.getLogger(room).setLevel(logging.INFO)
