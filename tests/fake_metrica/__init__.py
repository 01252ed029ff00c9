"""A fake Metrica on loopback: the documented service, and every known misbehavior of networks and services.

``python -m tests.fake_metrica`` starts it and prints its address; ``--help`` lists the behaviors. Tests compare with
what it stored: ``FakeMetrica.store`` in the same process, ``GET /_control/state`` from another process.

It accepts any token (or only that of ``--token``) and any counter but two: 403 may only be read, 404 does not exist.
A visitor whose id ends with 9 is unknown, so the call is not linked. A row is accepted if its DateTime is whole
seconds in the past. Counters 12345678 and 403 are listed. ``/_control/`` has ``state``, ``behave?name=…&times=…``,
``behave-well``, ``advance?seconds=…``.
"""
