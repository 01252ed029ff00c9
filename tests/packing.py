"""Packed files for tests, made by other programs' libraries where they can be: each way in which a file is packed."""

import bz2
import gzip
import io
import lzma
import zipfile

from calltools.files.decompression import load_zstd

#: Ending -> packs bytes.
PACK = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda content: load_zstd().compress(content),
}


def zip_of(members, method=zipfile.ZIP_DEFLATED):
    """An archive of members, name -> content."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def pack(content, ending):
    """Bytes packed in the way of an ending; the member of an archive is ``export``."""
    return zip_of({"export": content}) if ending == ".zip" else PACK[ending](content)
