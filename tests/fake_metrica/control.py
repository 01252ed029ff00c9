"""The controls of a fake service that runs as another process."""

import json
import os
import urllib.request


def call_control(word):
    """Give a word of ``/_control/`` to the service at ``CALLTOOLS_API_URL``; gives its answer."""
    with urllib.request.urlopen(f"{os.environ['CALLTOOLS_API_URL']}/_control/{word}", timeout=60) as answer:  # noqa: S310
        return json.loads(answer.read() or b"{}")
