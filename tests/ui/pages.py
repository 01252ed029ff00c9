"""A page that is served in this process, and a visitor who speaks HTTP to it over a real socket."""

import re
import threading
import uuid
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from html import unescape
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

from calltools.files.folders import find_files
from calltools.run import RunOptions
from calltools.ui.server import open_page


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def text(self):
        return self.body.decode()

    @property
    def said(self):
        """What a person reads."""
        return unescape(re.sub(r"<[^>]*>", " ", self.text))


@dataclass
class Visitor:
    """A browser without a screen: it keeps the cookie, follows redirects, and sends forms as a browser does."""

    port: int
    headers: dict = field(default_factory=dict)
    base: str = ""

    def request(self, method, path, body=None, **headers):
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request(method, path, body, {**self.headers, **headers})
            got = connection.getresponse()
            return Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())

    def enter(self, address):
        parts = urlsplit(address)
        answer = self.request("GET", f"{parts.path}?{parts.query}")
        self.base = parts.path.removesuffix("/enter")
        if "set-cookie" in answer.headers:
            self.headers["Cookie"] = answer.headers["set-cookie"].partition(";")[0]
        return answer

    def get(self, page):
        """A page, once what it waits for is done."""
        while True:
            answer = self.request("GET", f"{self.base}/{page.partition('#')[0]}")
            if answer.status == 303:
                page = answer.headers["location"].removeprefix(f"{self.base}/")
            elif "data-working" not in answer.text:
                return answer

    @property
    def token(self):
        return re.search(r'name="token" value="([^"]+)"', self.get("files").text)[1]

    @property
    def reading(self):
        """What the forms of the findings hold: for which files they were shown."""
        return re.search(r'name="reading" value="([^"]+)"', self.get("findings").text)[1]

    @property
    def asked_of(self):
        """What the form of the questions holds: the files that are asked about."""
        found = re.search(r'name="asked_of" value="([^"]*)"', self.get("questions").text)
        return found[1] if found else ""

    @property
    def shown_for(self):
        """What the form of the counters holds: what the settings said about where the calls go."""
        found = re.search(r'name="shown_for" value="([^"]*)"', self.get("send").text)
        return found[1] if found else ""

    def post(self, page, fields=(), files=(), **headers):
        """Send a form, and follow where it leads."""
        fields = {"token": self.token, **dict(fields)}
        if page in {"mend", "fix", "fill"} and "reading" not in fields:
            fields["reading"] = self.reading
        if page == "questions" and "asked_of" not in fields:
            fields["asked_of"] = self.asked_of
        if page == "send/counter" and "shown_for" not in fields:
            fields["shown_for"] = self.shown_for
        answer = self.send(page, list(fields.items()), files, **headers)
        assert answer.status == 303, answer.text
        return self.get(answer.headers["location"].removeprefix(f"{self.base}/"))

    def answer(self, page, answers):
        """Answer what is asked, question after question; what is not named is left open."""
        for _ in range(12):
            said = self.get("questions")
            asked = page.visit.inspection.questions
            if not asked:
                return said
            self.post("questions", {f"answer-{one.key}": answers.get(one.key, "") for one in asked})
        raise AssertionError([(one.key, one.required) for one in asked], page.visit.answers, page.visit.refusals)

    def send(self, page, fields, files=(), **headers):
        if files:
            body, kind = multipart(fields, files)
        else:
            body, kind = urlencode(fields), "application/x-www-form-urlencoded"
        given = {"Content-Type": kind, "Origin": f"http://127.0.0.1:{self.port}"} | headers
        return self.request("POST", f"{self.base}/{page}", body, **given)


def multipart(fields, files):
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
        for name, text in fields
    ]
    for name, file_name, content in files:
        # As browsers write a name.
        quoted = file_name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{quoted}"\r\n'
        parts.append(
            head.encode("utf-8", "surrogatepass")
            + b"Content-Type: application/octet-stream\r\n\r\n"
            + content
            + b"\r\n"
        )
    return b"".join([*parts, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"


@contextmanager
def served(files=(), options=None, **how):
    """An open page that is served in a thread."""
    found = find_files([str(one) for one in files]).files
    with open_page(found, options or RunOptions(), **how) as page:
        thread = threading.Thread(target=page.serve, name=f"serving-{page.visit.door.port}")
        thread.start()
        try:
            yield page
        finally:
            page.end()
            thread.join()


@contextmanager
def visited(files=(), options=None, **how):
    """A visitor who was let in, and the page."""
    with served(files, options, **how) as page:
        visitor = Visitor(page.visit.door.port)
        visitor.enter(page.address)
        yield visitor, page
