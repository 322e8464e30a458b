"""Progress of uploads, where a person looks."""

import sys
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from huggingface_hub.utils.tqdm import tqdm


@cache
def show_uploads_on_terminals() -> None:
    """The client's bars of uploads appear on a terminal, also under TQDM_DISABLE, and only there.

    The variable silences the nested bars of training libraries, and the client has no other
    switch for its own. Bars of downloads have a name and stay as they are.
    """
    original: Callable[..., None] = tqdm.__init__

    @wraps(original)
    def initialize(self: Any, *arguments: Any, **options: Any) -> None:
        if "name" not in options:
            options.setdefault("disable", not sys.stderr.isatty())
        original(self, *arguments, **options)

    tqdm.__init__ = initialize  # type: ignore[method-assign]
