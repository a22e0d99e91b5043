"""The policy "research" over four sources on loopback: a corpus, Dovecot by IMAP over TLS, lighttpd's WebDAV, and a server
that answers as SearXNG does; with the real embedder, and no model that writes."""

import contextlib
import http.server
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse

import pytest
from serving import ATELIER, make_home

DOVECOT, LIGHTTPD = "/usr/sbin/dovecot", "/usr/sbin/lighttpd"
PAGES = {
    "/bridge": ("The old bridge", "The old bridge over the Leine was closed in 1998. Cars use the new one since then."),
    "/cake": ("Cakes", "A good cake needs butter, flour and some patience."),
}
HANDBOOK = """# Handbook

## Opening hours

The reading room opens at nine in the morning and closes at six in the evening.

## Heating

The boiler in the cellar is serviced every October by the firm Brandt.
"""
MAIL = """From: Carol <carol@example.org>
To: Bob <bob@example.org>
Subject: Invoice of the printer
Date: Mon, 6 May 2024 10:00:00 +0000
Message-ID: <one@example.org>

Dear Bob,

the invoice for the new printer is 230 euros. Please pay it before June.

Carol
"""
PLAN = "Minutes of the garden club.\n\nThe apple trees will be planted on the 12th of November behind the school.\n"


def free_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


@contextlib.contextmanager
def daemon(command, folder, port):
    """A program in the foreground that listens on the port; never as root."""
    if os.getuid() == 0:
        subprocess.run(["chown", "-R", "nobody:nogroup", folder], check=True)
        command = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command]
    with open(pathlib.Path(folder) / "daemon.log", "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        for _ in range(600):
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, (pathlib.Path(folder) / "daemon.log").read_text()
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextlib.contextmanager
def dovecot(folder):
    user, group = ("nobody", "nogroup") if os.getuid() == 0 else (
        subprocess.check_output(["id", "-un"], text=True).strip(), subprocess.check_output(["id", "-gn"], text=True).strip())
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", f"{folder}/key.pem", "-out",
                    f"{folder}/cert.pem"], check=True, capture_output=True)
    for part in ("cur", "new", "tmp"):
        (folder / "mail" / part).mkdir(parents=True)
    (folder / "mail/cur/1715000000.a.host:2,").write_text(MAIL)
    (folder / "passwd").write_text("bob:{PLAIN}secret\n")
    imap, imaps = free_port(), free_port()
    (folder / "dovecot.conf").write_text(f"""
base_dir = {folder}/run
state_dir = {folder}/state
log_path = /dev/stderr
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
mail_location = maildir:{folder}/mail
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
first_valid_uid = 1
passdb {{
  driver = passwd-file
  args = {folder}/passwd
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/home
}}
namespace inbox {{
  inbox = yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
""")
    with daemon([DOVECOT, "-F", "-c", f"{folder}/dovecot.conf"], folder, imaps):
        yield imaps


@contextlib.contextmanager
def lighttpd(folder):
    (folder / "drive").mkdir()
    (folder / "drive/garden.txt").write_text(PLAN)
    port = free_port()
    (folder / "lighttpd.conf").write_text(
        f'server.modules = ("mod_webdav")\nserver.document-root = "{folder}"\nserver.port = {port}\n'
        'server.bind = "127.0.0.1"\nwebdav.activate = "enable"\n')
    with daemon([LIGHTTPD, "-D", "-f", f"{folder}/lighttpd.conf"], folder, port):
        yield port


class SearchEngine(http.server.BaseHTTPRequestHandler):
    """SearXNG's JSON, and the pages that it finds."""

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        self.server.asked.append(self.path)
        if url.path == "/search":
            base = f"http://127.0.0.1:{self.server.server_port}"
            words = urllib.parse.parse_qs(url.query)["q"][0].lower().split()
            found = [{"url": base + path, "title": title, "content": text[:40], "engine": "test"}
                     for path, (title, text) in PAGES.items() if any(word.strip("?.,") in text.lower().split() for word in words)]
            self.answer("application/json", json.dumps({"query": words, "results": found, "answers": [], "suggestions": []}))
        elif url.path in PAGES:
            title, text = PAGES[url.path]
            self.answer("text/html", f"<html><head><title>{title}</title></head><body><article><h1>{title}</h1><p>{text}</p></article></body></html>")
        else:
            self.send_error(404)

    def answer(self, media_type, text):
        body = text.encode()
        self.send_response(200)
        self.send_header("content-type", media_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def search_engine():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), SearchEngine)
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()


@pytest.fixture
def researcher(make_server, monkeypatch):
    """A server with an agent over all four sources."""
    if not (os.path.exists(DOVECOT) and os.path.exists(LIGHTTPD)):
        pytest.skip("dovecot and lighttpd are not installed")
    monkeypatch.setenv("RESEARCH_TEST_PASSWORD", "secret")
    root = pathlib.Path(tempfile.mkdtemp(prefix="atelier-research-", dir="/tmp"))
    root.chmod(0o755)
    for part in ("mail", "drive", "docs"):
        (root / part).mkdir()
    (root / "docs/handbook.md").write_text(HANDBOOK)
    with contextlib.ExitStack() as stack:
        imaps = stack.enter_context(dovecot(root / "mail"))
        dav = stack.enter_context(lighttpd(root / "drive"))
        web = stack.enter_context(search_engine())
        base = f"http://127.0.0.1:{web.server_port}"
        config = {
            "corpora": [{"name": "handbook"}],
            "tools": [
                {"type": "corpus_search", "description": "The handbook of the house: opening hours, heating, rules.",
                 "with": {"corpus": "handbook"}},
                {"type": "mail", "description": "Mails: invoices, letters, appointments.",
                 "with": {"host": "localhost", "port": imaps, "user": "bob", "password": "env:RESEARCH_TEST_PASSWORD",
                          "ca_file": str(root / "mail/cert.pem"), "from": "Bob <bob@example.org>"}},
                {"type": "drive", "description": "The club's files: minutes, plans.",
                 "with": {"url": f"http://127.0.0.1:{dav}/drive"}},
                {"type": "web_search", "description": "The web: towns, bridges, history, recipes.", "with": {"url": base}},
                {"type": "http_fetch", "with": {"hosts": [f"http://127.0.0.1:{web.server_port}"], "private": ["127.0.0.0/8"]}},
            ],
            "agents": [{"name": "researcher", "policy": "research",
                        "tools": ["search_handbook", "mail_*", "drive_*", "web_search", "http_fetch"]}],
        }
        home = make_home()
        (home / "atelier.yaml").write_text(json.dumps(config))
        subprocess.run([ATELIER, "--config", str(home / "atelier.yaml"), "index", str(root / "docs"), "-c", "handbook"],
                       check=True, capture_output=True, env=dict(os.environ, ATELIER_HOME=str(home)))
        server = make_server(home=home, config=config)
        server.web = web
        yield server
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
    shutil.rmtree(root, ignore_errors=True)


def ask(server, question):
    status, run = server.post("/v1/runs", {"agent": "researcher", "input": question})
    assert status == 200 and run["status"] == "completed", run
    return run["output"], run["citations"]


def test_each_source_is_found_read_and_cited(researcher):
    wanted = {
        "When does the reading room open?": ("search_handbook", "opens at nine"),
        "How much is the invoice for the new printer?": ("mail_search", "230 euros"),
        "When will the apple trees be planted?": ("drive_search", "12th of November"),
        "When was the old bridge over the Leine closed?": ("web_search", "closed in 1998"),
    }
    for question, (tool, words) in wanted.items():
        output, citations = ask(researcher, question)
        assert words in output, (question, output)
        assert citations[0]["tool"] == tool, (question, citations)
        assert words in " ".join(citations[0]["quotes"])


def test_one_answer_cites_across_sources(researcher):
    output, citations = ask(researcher, "When will the apple trees be planted? How much is the invoice for the new printer?")
    assert "12th of November" in output and "230 euros" in output, output
    assert {"drive_search", "mail_search"} <= {citation["tool"] for citation in citations}
    assert all(f"[{citation['number']}]" in output for citation in citations)


def test_a_page_is_read_and_not_only_its_beginning(researcher):
    output, _ = ask(researcher, "What do cars use since the old bridge over the Leine was closed?")
    assert "Cars use the new one" in output, output
    assert any(path == "/bridge" for path in researcher.web.asked)
