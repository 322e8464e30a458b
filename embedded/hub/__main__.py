"""`python -m embedded.hub --root DIR --port N --tokens FILE` serves the repositories of DIR."""

import argparse
import logging
import sys
from pathlib import Path

import uvicorn

from embedded.hub.accounts import load_accounts
from embedded.hub.app import build_app
from embedded.ports import IDLE_SECONDS


def main() -> int:
    """Exit code 0 after a stop by signal, 2 when the token file cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m embedded.hub", description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="folder of the repositories")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tokens", type=Path, required=True, help="JSON file of accounts")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        accounts = load_accounts(options.tokens)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"The token file cannot be used: {error}\n")
        return 2
    uvicorn.run(
        build_app(options.root, accounts),
        host=options.host,
        port=options.port,
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=10,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
