"""Stores on loopback, as addresses reach them: S3, a web server over TLS, SFTP."""

import base64
import contextlib
import os
import socket
import ssl
import subprocess
import sys
import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import paramiko
import trustme

#: What stands in addresses and must stand nowhere else.
SECRET = "Canary0Secret"  # noqa: S105 - it is none


_SERVE_S3 = """
import sys
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
server.stop()
"""


@contextlib.contextmanager
def s3_server(bucket):
    """A server of S3 with an empty bucket; gives the environment that leads to it, and its file system of fsspec."""
    from s3fs import S3FileSystem  # noqa: PLC0415 - heavy

    # In a process of its own: it leaves files to the garbage collector, which complains in the middle of other tests.
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVE_S3], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    environment = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{int(server.stdout.readline())}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        # Nobody is asked for credentials who is not on this machine.
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    files = S3FileSystem(
        key="key", secret=SECRET, endpoint_url=environment["AWS_ENDPOINT_URL"], use_listings_cache=False
    )
    files.mkdir(bucket)
    try:
        yield environment, files
    finally:
        server.communicate()


class _Forwarding(BaseHTTPRequestHandler):
    """Passes requests on; ``breaks`` of the server says of which ones the connection breaks in the middle."""

    protocol_version = "HTTP/1.1"

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.forward
        raise AttributeError(name)

    def forward(self):
        with contextlib.suppress(OSError):  # who asked may be gone
            self._forward()

    def _forward(self):
        self.server.seen.append(f"{self.command} {self.path}")
        length = int(self.headers.get("Content-Length") or 0)
        if self.server.breaks(f"{self.command} {self.path}"):
            self.rfile.read(length // 2)
            self.close_connection = True
            return
        body = self.rfile.read(length)
        onward = HTTPConnection("127.0.0.1", self.server.onward_port)
        onward.request(self.command, self.path, body, dict(self.headers.items()))
        answer = onward.getresponse()
        content = answer.read()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                self.send_header(name, value)
        shown = answer.getheader("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", shown or str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        onward.close()

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def breaking_connection(url, breaks):
    """A way to a server on which connections break; gives its URL, and what was asked for.

    Args:
        url: Of the server.
        breaks: Says of ``METHOD /path`` whether the connection breaks.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Forwarding)
    server.daemon_threads = True
    server.seen, server.breaks, server.onward_port = [], breaks, urlsplit(url).port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server.seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Pages(BaseHTTPRequestHandler):
    """Serves what ``pages`` of the server holds, path -> function of the handler."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.seen.append(self.path)
        path = self.path.partition("?")[0]
        if path not in self.server.pages:
            self.send(404)
        else:
            self.server.pages[path](self)

    def send(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def web_server(pages, *, authority=None):
    """A web server on loopback; gives it, with its address as ``url``, and what was asked for in ``seen``.

    Args:
        pages: Path -> bytes, or a function of the handler.
        authority: Signs its certificate; ``None``: it speaks plain HTTP.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    server.daemon_threads = True
    server.seen = []
    server.pages = {
        path: page if callable(page) else (lambda handler, body=page: handler.send(200, body))
        for path, page in pages.items()
    }
    if authority is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.host = f"127.0.0.1:{server.server_port}"
    server.url = f"{'http' if authority is None else 'https'}://{server.host}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def trusted_authority(folder):
    """An authority, and the file of its certificate."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    return authority, folder / "authority.pem"


def is_authorized(handler, user):
    """Whether a request has the password of a user."""
    expected = base64.b64encode(f"{user}:{SECRET}".encode()).decode()
    return handler.headers.get("Authorization") == f"Basic {expected}"


class _Login(paramiko.ServerInterface):
    def check_auth_password(self, _username, password):
        return paramiko.AUTH_SUCCESSFUL if password == SECRET else paramiko.AUTH_FAILED

    def get_allowed_auths(self, _username):
        return "password"

    def check_channel_request(self, _kind, _number):
        return paramiko.OPEN_SUCCEEDED


class _Folder(paramiko.SFTPServerInterface):
    """The files of a folder of this machine; ``root`` is set in a class of each server."""

    root: Path

    def _real(self, path):
        return self.root / path.lstrip("/")

    def list_folder(self, path):
        real = self._real(path)
        entries = []
        for one in sorted(real.iterdir()):
            entry = paramiko.SFTPAttributes.from_stat(one.stat())
            entry.filename = one.name
            entries.append(entry)
        return entries

    def stat(self, path):
        try:
            return paramiko.SFTPAttributes.from_stat(self._real(path).stat())
        except OSError as fault:
            return paramiko.SFTPServer.convert_errno(fault.errno)

    lstat = stat

    def open(self, path, flags, _attributes):
        try:
            number = os.open(self._real(path), flags, 0o600)
        except OSError as fault:
            return paramiko.SFTPServer.convert_errno(fault.errno)
        handle = paramiko.SFTPHandle(flags)
        mode = "wb" if flags & os.O_WRONLY else "r+b" if flags & os.O_RDWR else "rb"
        handle.readfile = handle.writefile = os.fdopen(number, mode)
        return handle

    def posix_rename(self, old, new):
        self._real(old).replace(self._real(new))
        return paramiko.SFTP_OK

    def remove(self, path):
        self._real(path).unlink()
        return paramiko.SFTP_OK

    def mkdir(self, path, _attributes):
        self._real(path).mkdir()
        return paramiko.SFTP_OK

    def rmdir(self, path):
        self._real(path).rmdir()
        return paramiko.SFTP_OK


@contextlib.contextmanager
def sftp_server(root, key):
    """A server of SFTP that shows a folder; gives its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    shown = type("Shown", (_Folder,), {"root": root})
    sessions = []

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            session = paramiko.Transport(connection)
            session.add_server_key(key)
            session.set_subsystem_handler("sftp", paramiko.SFTPServer, shown)
            sessions.append(session)
            # A client that believes no key closes while the keys are exchanged: OSError is a connection reset.
            with contextlib.suppress(paramiko.SSHException, EOFError, OSError):
                session.start_server(server=_Login())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        # Closing alone does not wake who waits in accept.
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for session in sessions:
            session.close()
