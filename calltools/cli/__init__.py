"""Options in, words out, exit code: the only floor that prints. One file a command."""
