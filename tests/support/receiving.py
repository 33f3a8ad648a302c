"""A server that endpoints post to, which takes what comes or does not."""

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver(BaseHTTPRequestHandler):
    """Answers as its path says: ``/fail`` does not take what it gets until it is told to.

    It asks to be tried again in an hour, so that no retry of the server's own comes between.
    """

    takes = False

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        well = Receiver.takes or self.path != "/fail"
        body = b"" if well else b'{"error": "The warehouse is closed"}'
        self.send_response(204 if well else 500)
        if not well:
            self.send_header("Retry-After", "3600")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


@contextlib.contextmanager
def receiver() -> Iterator[str]:
    """Its address, while it listens."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
