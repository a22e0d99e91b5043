"""LangChain's OpenAI models, over chat completions and over responses, against the real server with the real models."""

import json

import pydantic
import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAI, OpenAIEmbeddings
from serving import CHAT, EMBED


class City(pydantic.BaseModel):
    """A city."""

    name: str = pydantic.Field(max_length=20)
    is_capital: bool


@tool
def get_temperature(city: str) -> float:
    """The temperature in a city, in degrees."""
    return 21.5


@pytest.fixture(scope="module", params=[False, True], ids=["chat", "responses"])
def model_of(request, server):
    """Models that write at most so many tokens."""
    return lambda max_tokens: ChatOpenAI(
        model=CHAT, base_url=server.url + "/v1", api_key="unused", max_retries=0, temperature=0, max_tokens=max_tokens,
        stream_usage=True, use_responses_api=request.param)


def test_a_chat_is_answered_whole_streamed_and_in_a_batch(model_of):
    model = model_of(24)
    messages = [("system", "Be brief."), ("human", "Name three fruits.")]
    whole = model.invoke(messages)
    assert isinstance(whole, AIMessage) and whole.text and whole.usage_metadata["output_tokens"] == 24
    chunks = list(model.stream(messages))
    assert "".join(chunk.text for chunk in chunks) == whole.text and len(chunks) > 8
    total = chunks[0]
    for chunk in chunks[1:]:
        total += chunk
    assert total.usage_metadata["output_tokens"] == 24
    assert [answer.text for answer in model.batch([messages, messages])] == [whole.text] * 2


def test_a_bound_tool_is_called_and_answered(model_of):
    bound = model_of(80).bind_tools([get_temperature], tool_choice="get_temperature", strict=True)
    ask = HumanMessage("How warm is it in Paris?")
    called = bound.invoke([ask])
    (call,) = called.tool_calls
    assert call["name"] == "get_temperature" and isinstance(call["args"]["city"], str) and not called.invalid_tool_calls
    result = get_temperature.invoke(call)
    assert isinstance(result, ToolMessage) and result.content == "21.5"
    assert model_of(12).bind_tools([get_temperature], tool_choice="none").invoke([ask, called, result]).text
    total = None
    for chunk in bound.stream([ask]):
        total = chunk if total is None else total + chunk
    assert [each["args"] for each in total.tool_calls] == [call["args"]]


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_structured_outputs(model_of, method):
    kept = model_of(80).with_structured_output(City, method=method, include_raw=True).invoke("Tell me of Paris.")
    assert isinstance(kept["parsed"], City) and kept["parsing_error"] is None


def test_json_mode(server):
    model = ChatOpenAI(model=CHAT, base_url=server.url + "/v1", api_key="unused", max_retries=0, temperature=0,
                       max_tokens=300, extra_body={"structured_outputs": {"prefer_closing": True}})
    answer = model.with_structured_output(None, method="json_mode").invoke("A fruit as JSON, please.")
    assert isinstance(answer, dict) and json.dumps(answer)


def test_completions_and_embeddings(server):
    connection = {"base_url": server.url + "/v1", "api_key": "unused", "max_retries": 0}
    assert "Paris" in OpenAI(model=CHAT, temperature=0, max_tokens=4, **connection).invoke("The capital of France is")
    embeddings = OpenAIEmbeddings(model=EMBED, check_embedding_ctx_length=False, **connection)
    many = embeddings.embed_documents(["a", "b"])
    assert len(many) == 2 and embeddings.embed_query("a") == pytest.approx(many[0], abs=1e-6)
