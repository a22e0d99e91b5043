"""What the README prints is what this version prints: its Python is run against a server, its commands as they stand.

A line `...` of what is printed stands for any lines; where a line counts the documents and chunks of docs/, any counts do.
"""

import contextlib
import io
import os
import pathlib
import re
import shutil
import subprocess

import pydantic
import pytest
import serving

README = (serving.ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.S | re.M)
OWN_ADDRESS = "http://127.0.0.1:8910"


@pytest.fixture(scope="module")
def home():
    folder = serving.make_home()
    yield folder
    shutil.rmtree(folder)


def commands():
    """Each `$ command` with the lines that it prints."""
    for language, text in BLOCKS:
        if not language and text.startswith("$ "):
            for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
                command, _, printed = part.partition("\n")
                yield command, printed


def agree(printed, wanted):
    pattern = re.escape(wanted.strip())
    pattern = re.sub(r"(?m)^(?:\\ )*\\\.\\\.\\\.$", r"[\\s\\S]*", pattern)
    pattern = re.sub(r"\d+(?=\\ (?:files|chunks|embedded)\b)", r"\\d+", pattern)
    return re.fullmatch(pattern, printed.strip()) is not None


def test_pythons_blocks_print_what_stands_below_them(server):
    names = {"BaseModel": pydantic.BaseModel, "Field": pydantic.Field}
    shown = [(text, BLOCKS[at + 1][1]) for at, (language, text) in enumerate(BLOCKS) if language == "python"]
    assert len(shown) >= 3
    for source, wanted in shown:
        assert OWN_ADDRESS in source or "client" in names, "the first makes the client"
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(source.replace(OWN_ADDRESS, server.url), names)
        assert agree(printed.getvalue(), wanted), printed.getvalue()


@pytest.mark.parametrize("command, wanted", list(commands()))
def test_commands_print_what_stands_below_them(command, wanted, home):
    binary = pathlib.Path(serving.ATELIER)
    environment = dict(os.environ, ATELIER_HOME=str(home), PATH=f"{binary.parent}:{os.environ['PATH']}")
    done = subprocess.run(["bash", "-c", command.replace("./up ", "atelier ")], cwd=serving.ROOT, env=environment,
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert agree(done.stdout, wanted), done.stdout + done.stderr
