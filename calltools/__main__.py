"""``python -m calltools`` and the ``calltools`` command."""

import sys


def main() -> None:
    """Run the command line; the process ends with one of the exit codes of the contract."""
    from calltools.cli.app import start  # noqa: PLC0415 - nothing heavy at import of the package

    sys.exit(start())


if __name__ == "__main__":
    main()
