"""argilla_server without its application, for commands that only read and change the database."""

import sys
import types


def leave_out_the_application() -> None:
    """Importing any part of argilla_server 2.8.0 builds all of it, routes, schemas, web pages:
    half of the 3.3 CPU seconds that a command then takes. Call this before the first import.
    """
    stub = types.ModuleType("argilla_server._app")
    vars(stub)["app"] = None
    sys.modules[stub.__name__] = stub
