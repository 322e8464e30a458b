"""Whether a program works, as its clients would find out."""

import contextlib
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from embedded.home import Home
from embedded.processes import family
from embedded.programs import Program

if TYPE_CHECKING:
    from redis import Redis

# An idle worker of RQ tells that it lives every 405 s.
HEARTBEAT_SECONDS = 480


def complaint(home: Home, program: Program, pid: int) -> str:
    """What is wrong with a running program; empty when it works."""
    return _PROBES[program.probe](home, program, pid)


def answers(url: str) -> bool:
    """Whether a GET answers 200 within a few seconds."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def redis_answers(home: Home) -> bool:
    """Whether Redis answers PING on its socket and has read its data."""
    import redis

    with contextlib.closing(_redis(home)) as client:
        try:
            return bool(client.ping())
        except (redis.RedisError, OSError):
            return False


def _http(home: Home, program: Program, pid: int) -> str:
    return "" if answers(program.health) else "not answering"


def _ping(home: Home, program: Program, pid: int) -> str:
    return "" if redis_answers(home) else "no PONG"


def _registered(home: Home, program: Program, pid: int) -> str:
    """RQ's workers write their pid and a heartbeat to Redis."""
    import redis

    own = {str(process.pid) for process in family(pid)}
    with contextlib.closing(_redis(home)) as client:
        try:
            names = client.smembers("rq:workers")
            found = [client.hmget(name, ["pid", "last_heartbeat"]) for name in names]
        except (redis.RedisError, OSError):
            return "no Redis"
    ages = [_age(str(heard)) for worker_pid, heard in found if worker_pid in own and heard]
    if not ages:
        return "not registered"
    return "" if min(ages) < HEARTBEAT_SECONDS else f"silent for {min(ages):.0f} s"


def _age(heard: str) -> float:
    then = datetime.strptime(heard, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    return (datetime.now(UTC) - then).total_seconds()


def _redis(home: Home) -> "Redis":
    import redis

    return redis.Redis(
        unix_socket_path=str(home.redis_socket), socket_timeout=5, decode_responses=True
    )


_PROBES: dict[str, Callable[[Home, Program, int], str]] = {
    "http": _http,
    "redis": _ping,
    "worker": _registered,
}
