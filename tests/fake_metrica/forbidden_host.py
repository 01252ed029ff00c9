"""A host that nothing should ever reach: it writes down every byte."""

import socketserver
import threading


class ForbiddenHost:
    """Listens on loopback; ``heard`` is all that came."""

    def __init__(self):
        self.heard = []
        heard = self.heard

        class Ear(socketserver.BaseRequestHandler):
            def handle(self):
                self.request.settimeout(0.5)
                heard.append(b"")
                try:
                    while piece := self.request.recv(1 << 16):
                        heard[-1] += piece
                except OSError:
                    pass

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Ear)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
