"""A person at a browser, as far as logging in needs one: pages with one form each, cookies, redirects."""

import html.parser
import http.cookiejar
import urllib.parse
import urllib.request


class Form(html.parser.HTMLParser):
    """The page's form: where it goes, and what its fields hold."""

    def __init__(self, page):
        super().__init__()
        self.action, self.fields, self.links = None, {}, {}
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.action = attributes["action"]
        if tag == "input" and attributes.get("name"):
            self.fields[attributes["name"]] = attributes.get("value") or ""
        if tag == "a":
            self.links[attributes.get("href", "").rsplit("/", 1)[-1]] = attributes["href"]


class Browser:
    def __init__(self):
        jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                                  urllib.request.HTTPCookieProcessor(jar))

    def open(self, url, fields=None):
        body = urllib.parse.urlencode(fields).encode() if fields is not None else None
        with self.opener.open(url, body, timeout=60) as reply:
            return reply.read().decode()

    def agree(self, url, name):
        """Logs in as `name`, agrees, and gives what the last page says."""
        page = self.open(url)
        for _ in range(4):
            form = Form(page)
            if not form.action:
                return page
            fields = {key: name if key in ("login", "password") else value for key, value in form.fields.items()}
            page = self.open(form.action, fields)
        raise AssertionError("a form after each form:\n" + page)

    def refuse(self, url):
        """Leaves by the link to cancel."""
        return self.open(Form(self.open(url)).links["abort"])
