"""Run a fake Metrica on this machine, to try the upload without a token."""

import argparse
import ssl
import sys
import threading
from pathlib import Path

from tests.fake_metrica.behaviors import BEHAVIORS
from tests.fake_metrica.server import FakeMetrica


def server_tls(folder):
    """Make the TLS context of a server; write the certificate of its authority to ``ca.pem`` in the folder."""
    import trustme  # noqa: PLC0415 - for tests only, and only with TLS

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(Path(folder) / "ca.pem"))
    return context


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tests.fake_metrica", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument(
        "--behavior",
        action="append",
        default=[],
        choices=sorted(BEHAVIORS),
        metavar="NAME",
        help=", ".join(BEHAVIORS),
    )
    parser.add_argument("--times", type=int, help="misbehave this many times, then behave well")
    parser.add_argument("--step", type=float, default=2, metavar="SECONDS", help="between PREPARED, UPLOADED, ... (2)")
    parser.add_argument("--token", help="accept only this token")
    parser.add_argument("--tls", metavar="FOLDER", help="use https; ca.pem of the authority is written there")
    options = parser.parse_args(arguments)

    tls = server_tls(options.tls) if options.tls else None
    with FakeMetrica(port=options.port, tls=tls, token=options.token, step_seconds=options.step) as service:
        for name in options.behavior:
            service.behave(name, options.times)
        print(service.url, flush=True)  # noqa: T201 - the caller waits for this line
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            stored = service.store.uploadings
            print(f"{len(stored)} uploadings, {sum(len(one.rows) for one in stored)} calls", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    main()
