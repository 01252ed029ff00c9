"""The orchestration of an upload, from a canonical file to the end of its uploadings; see README.md."""
