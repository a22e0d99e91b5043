"""The official Python client: decisions, validated strictly against its own types."""

import openai
import pytest
from openai.types import Decision
from serving import CHAT

TOPIC = {
    "type": "choice",
    "name": "topic",
    "instructions": "What is the customer's message about?",
    "choices": [{"value": "billing"}, {"value": "delivery", "description": "parcels"}, {"value": True}],
}
LATE = {"type": "predicate", "instructions": "The parcel is late."}
URGENT = {"type": "score", "instructions": "How urgent is it?", "levels": [{"label": "low"}, {"label": "high"}]}


def strictly(decision):
    """The reply, read again by the SDK's type without conversions."""
    return Decision.model_validate(decision.model_dump(), strict=True)


def test_each_type_of_question(client):
    decision = strictly(client.decisions.create(
        model=CHAT, input="The parcel is nine days late. Where is it?", questions=[LATE, TOPIC, URGENT]))
    late, topic, urgent = decision.answers
    assert (late.type, topic.type, urgent.type) == ("predicate", "choice", "score")
    assert late.name is None and topic.name == "topic"
    assert 0 < late.probability < 1
    by_value = {entry.value: entry.probability for entry in topic.probabilities}
    assert list(by_value) == ["billing", "delivery", True]
    assert sum(by_value.values()) == pytest.approx(1)
    assert topic.confidence == max(by_value.values()) == by_value[topic.choice]
    assert [entry.value for entry in urgent.probabilities] == [0, 1]
    assert urgent.score == pytest.approx(urgent.probabilities[1].probability)
    assert decision.usage.output_tokens == 0
    assert decision.usage.total_tokens == decision.usage.input_tokens > 0


def test_messages_and_shown_options(client):
    decision = strictly(client.decisions.create(
        model=CHAT,
        input=[{"role": "user", "content": [{"type": "input_text", "text": "Where is it?"},
                                            {"type": "input_json", "data": {"order": 5}}]},
               {"role": "assistant", "content": "It left our warehouse."}],
        questions=[TOPIC],
        extra_body={"orders": 3}))
    assert len(decision.answers[0].probabilities) == 3


def test_what_is_wrong_is_named(client):
    with pytest.raises(openai.BadRequestError) as caught:
        client.decisions.create(model=CHAT, input="x", questions=[{**TOPIC, "choices": [{"value": "one"}]}])
    assert caught.value.param == "questions[0].choices"
