"""A host that no request may reach: it records every byte."""

import socketserver
import threading


class ForbiddenHost:
    """A server on loopback; ``received`` has the bytes of each connection."""

    def __init__(self):
        self.received = []
        received = self.received

        class Recorder(socketserver.BaseRequestHandler):
            def handle(self):
                self.request.settimeout(0.5)
                received.append(b"")
                try:
                    while piece := self.request.recv(1 << 16):
                        received[-1] += piece
                except OSError:
                    pass

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Recorder)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
