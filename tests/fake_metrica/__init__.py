"""A Metrica to try things on: the documented service on loopback, and how networks and services misbehave.

``python -m tests.fake_metrica`` starts it by hand and prints its address; ``--help`` lists the behaviours. What it
stored is the oracle of the tests: ``Service.store`` in the same process, ``GET /_control/state`` from another one.

It takes any token (or the one of ``--token``) and any counter but two: 403 may only be read, 404 is not there.
A visitor whose id ends with 9 is not known, so that call is not linked. A row passes if its DateTime is whole seconds
in the past. ``/_control/``: ``state``, ``behave?name=…&times=…``, ``behave-well``, ``advance?seconds=…``.
"""
