"""The profile that the answers of a guided run make: written at once, and taken back with its answers."""

import sys
from dataclasses import dataclass
from pathlib import Path

import typer

from calltools.cli.profile_draft import format_sample_result, write_profile
from calltools.cli.terminal import fold_words
from calltools.errors import UsageError
from calltools.files.atomic import map_os_errors
from calltools.guide.draft import Draft
from calltools.texts import Language, say


@dataclass(slots=True)
class KeptProfile:
    """The profile of one run, if its answers have made one."""

    _path: Path | None = None
    #: What it has replaced; ``None``: there was no file.
    _earlier: bytes | None = None

    def keep(self, draft: Draft | None, path: Path, language: Language, *, force: bool) -> str:
        """Write the profile that the answers make, and say what it makes of the sample; gives its path.

        It stays, also if the run is interrupted: its questions need not be answered again.

        Args:
            draft: The answers, with the sample.
            path: Where it goes.
            language: Of its comments and of what is said.
            force: Replace a file that is there.

        Raises:
            UsageError: The name is no name of a profile.
            OutputError: It is taken, or the file cannot be written.
        """
        if draft is None or path.suffix != ".toml":
            raise UsageError("send-profile-ending", path=path)
        text, made = draft.write(language, path)
        with map_os_errors(path):
            earlier = path.read_bytes() if path.is_file() else None
        write_profile(text, path, force=force)
        self._path, self._earlier = path, earlier
        for line in (format_sample_result(made, language), say("send-profile-kept", language, path=path)):
            typer.echo(fold_words(f"  {line}", sys.stderr), err=True)
        return str(path)

    def take_back_unless(self, answer: str | None) -> None:
        """Remove the profile of a person who went back to change what it says; what it has replaced comes back.

        Args:
            answer: The profile that the answers name now; ``None``: none.
        """
        path, earlier = self._path, self._earlier
        if path is None or answer == str(path):
            return
        self._path = self._earlier = None
        with map_os_errors(path):
            if earlier is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(earlier)
