import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import serving  # noqa: E402


@pytest.fixture(scope="session")
def server():
    """One for all tests that leave a server as they found it; it must be well at the end."""
    running = serving.Server()
    yield running
    assert running.stop() == 0, "".join(running.errors)


@pytest.fixture
def make_server():
    """Servers of a test's own, ended with it."""
    made = []

    def make(*args, **options):
        made.append(serving.Server(*args, **options))
        return made[-1]

    yield make
    for running in made:
        running.kill()
