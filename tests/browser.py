"""A real browser: Debian's Chromium, installed when it is not there."""

from contextlib import contextmanager

from playwright.sync_api import sync_playwright

from tests.programs import find_program


def chromium():
    # The last is for what drives it.
    packages = ["chromium", "fonts-dejavu-core", "libatomic1"]
    return find_program("chromium", "chromium-browser", "google-chrome", packages=packages)


@contextmanager
def browser():
    """What opens pages in one browser, each in a profile of its own."""
    installed = chromium()
    with sync_playwright() as tools:
        started = tools.chromium.launch(executable_path=installed, args=["--no-sandbox"])

        @contextmanager
        def opened(path, **context):
            """A page that is open, what the console said, and what it asked of the network."""
            said, asked = [], []
            profile = started.new_context(**context)
            page = profile.new_page()
            page.on("console", lambda message: said.append(message.text))
            page.on("pageerror", lambda fault: said.append(str(fault)))
            page.on("dialog", lambda dialog: (said.append(f"dialog {dialog.message}"), dialog.dismiss()))
            page.on("request", lambda request: asked.append(request.url))
            page.goto(path.as_uri())
            yield page, said, asked
            profile.close()

        yield opened
        started.close()
