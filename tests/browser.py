"""A real browser: Debian's Chromium, installed when it is not there."""

from contextlib import contextmanager

from playwright.sync_api import sync_playwright

from tests.programs import find_program


def chromium():
    # The driver needs the last one.
    packages = ["chromium", "fonts-dejavu-core", "libatomic1"]
    return find_program("chromium", "chromium-browser", "google-chrome", packages=packages)


@contextmanager
def browser():
    """A function that opens pages in one browser, each in a profile of its own."""
    installed = chromium()
    with sync_playwright() as tools:
        started = tools.chromium.launch(executable_path=installed, args=["--no-sandbox"])

        @contextmanager
        def opened(path, **context):
            """An open page, its console messages, and the addresses that it requested."""
            messages, requests = [], []
            profile = started.new_context(**context)
            page = profile.new_page()
            page.on("console", lambda message: messages.append(message.text))
            page.on("pageerror", lambda fault: messages.append(str(fault)))
            page.on("dialog", lambda dialog: (messages.append(f"dialog {dialog.message}"), dialog.dismiss()))
            page.on("request", lambda request: requests.append(request.url))
            page.goto(path.as_uri())
            yield page, messages, requests
            profile.close()

        yield opened
        started.close()
