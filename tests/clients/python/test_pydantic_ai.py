"""PydanticAI's agents, over chat completions and over responses, against the real server with the real model."""

import asyncio

import pydantic
import pytest
from pydantic_ai import Agent, NativeOutput, ToolOutput
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider
from serving import CHAT

GREEDY = {"temperature": 0, "max_tokens": 100}
SHORT = {"temperature": 0, "max_tokens": 12}


class City(pydantic.BaseModel):
    name: str = pydantic.Field(max_length=20)
    is_capital: bool


@pytest.fixture(scope="module", params=[OpenAIChatModel, OpenAIResponsesModel])
def model(request, server):
    return request.param(CHAT, provider=OpenAIProvider(base_url=server.url + "/v1", api_key="unused"))


def run(coroutine):
    return asyncio.run(coroutine)


def test_an_agent_answers_whole_and_streamed(model):
    agent = Agent(model, instructions="Be brief.", model_settings=SHORT)
    whole = run(agent.run("Name three fruits."))
    assert whole.output and whole.usage.output_tokens == 12 and whole.usage.input_tokens > 10

    async def streamed():
        async with agent.run_stream("Name three fruits.") as stream:
            pieces = [piece async for piece in stream.stream_text(delta=True, debounce_by=None)]
            return pieces, stream.usage

    pieces, usage = run(streamed())
    assert "".join(pieces) == whole.output and len(pieces) > 3 and usage.output_tokens == 12


def test_the_conversation_goes_on(model):
    agent = Agent(model, model_settings=SHORT)
    first = run(agent.run("My name is Ada."))
    second = run(agent.run("What is my name?", message_history=first.new_messages()))
    assert second.output and len(second.all_messages()) == 4


@pytest.mark.parametrize("kind", [NativeOutput, ToolOutput])
def test_structured_outputs(model, kind):
    agent = Agent(model, output_type=kind(City), model_settings=GREEDY)
    assert isinstance(run(agent.run("Tell me of Paris.")).output, City)


def test_a_tool_is_called_and_its_result_goes_back(model):
    called = []

    def settings(context):
        return {**GREEDY, "max_tokens": 40, "tool_choice": "required" if context.run_step <= 1 else "none"}

    agent = Agent(model, model_settings=settings)

    @agent.tool_plain
    def get_temperature(city: str) -> float:
        """The temperature in a city, in degrees."""
        called.append(city)
        return 21.5

    result = run(agent.run("How warm is it in Paris?"))
    assert called and isinstance(called[0], str) and result.output
    kinds = [part.part_kind for message in result.all_messages() for part in message.parts]
    assert "tool-call" in kinds and "tool-return" in kinds and kinds[-1] == "text"
