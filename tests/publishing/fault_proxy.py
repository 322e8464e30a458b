"""A real HTTP proxy in front of the Hub that fails where a test asks for it."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"}


@dataclass(frozen=True)
class Answer:
    """What the client gets instead of the Hub's answer; status 0: the connection is closed."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """The first ``times`` requests that match fail, after ``spared`` that pass.

    ``forward`` says how much of the request reaches the Hub: "nothing", "half" of its body, or
    "all" of it (only the answer is lost). ``before`` runs first; ``delay_seconds`` is how long the
    proxy then keeps silent.
    """

    method: str
    path: str
    answer: Answer | None
    forward: str = "nothing"
    times: int = 1
    spared: int = 0
    before: Callable[[], None] | None = None
    delay_seconds: float = 0

    def matches(self, method: str, path: str) -> bool:
        return self.method == method and re.search(self.path, path) is not None


@dataclass
class FaultProxy:
    """The proxy's address, its faults, and the requests it saw with the size of their bodies.

    ``failed`` is set when a fault has forwarded what it forwards.
    """

    endpoint: str
    upstream: str
    faults: list[Fault] = field(default_factory=list)
    seen: list[tuple[str, str, int]] = field(default_factory=list)
    used: dict[int, int] = field(default_factory=dict)
    spared: dict[int, int] = field(default_factory=dict)
    failed: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next_fault(self, method: str, path: str) -> Fault | None:
        with self.lock:
            for number, fault in enumerate(self.faults):
                if not fault.matches(method, path) or self.used.get(number, 0) >= fault.times:
                    continue
                counts = self.spared if self.spared.get(number, 0) < fault.spared else self.used
                counts[number] = counts.get(number, 0) + 1
                if counts is self.used:
                    return fault
        return None

    def sent(self, path: str) -> dict[str, int]:
        """Bytes of the bodies that came for each path that matches."""
        sizes: dict[str, int] = {}
        for _, seen, size in self.seen:
            if re.search(path, seen):
                sizes[seen] = sizes.get(seen, 0) + size
        return sizes

    def count(self, method: str, path: str) -> int:
        return sum(m == method and re.search(path, p) is not None for m, p, _ in self.seen)


@contextmanager
def fault_proxy(upstream: str) -> Iterator[FaultProxy]:
    """A proxy on a free port of the loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    proxy = FaultProxy(f"http://127.0.0.1:{server.server_port}", upstream)
    server.proxy = proxy  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_any(self) -> None:
        proxy: FaultProxy = self.server.proxy  # type: ignore[attr-defined]
        body = self._body()
        proxy.seen.append((self.command, self.path, len(body)))
        fault = proxy.next_fault(self.command, self.path)
        if fault is None:
            self._send(self._forward(proxy, body))
            return
        if fault.before is not None:
            fault.before()
        if fault.answer is None or fault.forward == "all":
            response = self._forward(proxy, body)
            if fault.answer is None:
                self._send(response)
                return
            response.read()
        elif fault.forward == "half":
            self._forward_half(proxy, body)
        proxy.failed.set()
        time.sleep(fault.delay_seconds)
        self._fail(fault.answer)

    def __getattr__(self, name: str) -> Callable[[], None]:
        # http.server asks for do_GET, do_POST and so on.
        if name.startswith("do_"):
            return self.do_any
        raise AttributeError(name)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: the test reads ``seen``."""

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _headers(self, length: int) -> dict[str, str]:
        kept = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
        # The client's Host stays: addresses in the Hub's answers lead through the proxy again.
        return kept | ({"Content-Length": str(length)} if length else {})

    def _forward(self, proxy: FaultProxy, body: bytes) -> HTTPResponse:
        connection = HTTPConnection(urlsplit(proxy.upstream).netloc, timeout=60)
        connection.request(self.command, self.path, body or None, self._headers(len(body)))
        return connection.getresponse()

    def _forward_half(self, proxy: FaultProxy, body: bytes) -> None:
        connection = HTTPConnection(urlsplit(proxy.upstream).netloc, timeout=60)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self._headers(len(body)).items():
            connection.putheader(name, value)
        connection.endheaders(body[: len(body) // 2])
        connection.close()

    def _send(self, response: HTTPResponse) -> None:
        content = response.read()
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in {*HOP_BY_HOP, "content-length", "date", "server"}:
                self.send_header(name, value)
        length = response.getheader("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _fail(self, answer: Answer) -> None:
        self.close_connection = True
        if not answer.status:
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()
