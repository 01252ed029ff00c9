"""Samples: invented calls in the exact form of a vendor's export, with faults on request."""

from calltools.run.sample.generate import SampleOptions, parse_faults, write_sample

__all__ = ["SampleOptions", "parse_faults", "write_sample"]
