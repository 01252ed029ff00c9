"""The configuration: calltools.toml, CALLTOOLS_* variables, and which of them wins over which."""
