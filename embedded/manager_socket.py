"""Calls to the process manager over its socket, with a bound on how long an answer may take."""

import http.client
import socket
import xmlrpc.client

from supervisor.xmlrpc import SupervisorTransport

from embedded.home import Home

# A manager that is stopped, or waits for a disk that is gone, accepts calls and never answers.
PROBE_SECONDS = 5
CALL_SECONDS = 120
MANAGER_ERRORS = (OSError, http.client.HTTPException, xmlrpc.client.Error)


class SocketConnection(http.client.HTTPConnection):
    """HTTP over a unix socket; Supervisor's own connection knows no timeout."""

    def __init__(self, path: str, timeout_seconds: float) -> None:
        super().__init__("localhost", timeout=timeout_seconds)
        self.path = path

    def connect(self) -> None:
        """Open the socket; OSError where nobody listens or nobody accepts in time."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def connect(home: Home, timeout_seconds: float) -> xmlrpc.client.ServerProxy:
    """A proxy of the manager; each call raises TimeoutError after so long without an answer."""
    path = str(home.sockets / "supervisor.sock")
    transport = SupervisorTransport(None, None, f"unix://{path}")
    transport._get_connection = lambda: SocketConnection(path, timeout_seconds)
    return xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
