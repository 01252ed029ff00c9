"""Keyrings for tests: one that is a file, for this process and for those that it starts."""

from contextlib import contextmanager

import keyring
from keyrings.alt.file import PlaintextKeyring

#: Where the library puts the file below ``XDG_DATA_HOME``.
FILE = "python_keyring/keyring_pass.cfg"


@contextmanager
def file_keyring(folder):
    """A keyring in a folder; gives the variables with which another process uses the same."""
    backend, before = PlaintextKeyring(), keyring.get_keyring()
    backend.file_path = str(folder / FILE)
    keyring.set_keyring(backend)
    try:
        yield {"PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring", "XDG_DATA_HOME": str(folder)}
    finally:
        keyring.set_keyring(before)
