import pathlib
import sys

import openai
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
import serving  # noqa: E402


@pytest.fixture(scope="session")
def server():
    running = serving.Server()
    yield running
    assert running.stop() == 0, "".join(running.errors)


@pytest.fixture(scope="session")
def client(server):
    # Strict: a response that does not match the SDK's own types raises.
    return openai.OpenAI(
        base_url=server.url + "/v1", api_key="unused", max_retries=0, _strict_response_validation=True)


@pytest.fixture(scope="session")
def async_client(server):
    return lambda: openai.AsyncOpenAI(
        base_url=server.url + "/v1", api_key="unused", max_retries=0, _strict_response_validation=True)


@pytest.fixture(scope="session")
def lenient_client(server):
    """For what OpenAI itself sends against its own types: null logprobs and finish reasons in completions, and base64
    embeddings, which the client decodes only after it has validated them."""
    return openai.OpenAI(base_url=server.url + "/v1", api_key="unused", max_retries=0)
