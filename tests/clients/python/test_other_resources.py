"""The official Python client: models, completions, embeddings; and what else the server answers."""

import base64
import math
import struct

import openai
import pytest
from openai.types import Completion
from serving import CHAT, EMBED


def cosine(a, b):
    return sum(x * y for x, y in zip(a, b)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


def test_models_are_listed_and_shown(client):
    ids = [model.id for model in client.models.list()]
    assert CHAT in ids and EMBED in ids
    assert client.models.retrieve(CHAT).id == CHAT
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("no-such-model")


def test_completions_of_text_and_of_tokens(client, server):
    options = {"model": CHAT, "max_tokens": 8, "temperature": 0}
    text = client.completions.create(prompt="The capital of France is", **options)
    assert "Paris" in text.choices[0].text
    status, ids = server.post("/tokenize", {"model": CHAT, "prompt": "The capital of France is"})
    assert status == 200
    assert client.completions.create(prompt=ids["tokens"], **options).choices[0].text == text.choices[0].text
    status, back = server.post("/detokenize", {"model": CHAT, "tokens": ids["tokens"]})
    assert back["prompt"] == "The capital of France is"


def test_completions_of_a_list_number_their_choices(client):
    answer = client.completions.create(
        model=CHAT, prompt=["One, two,", "Red, green,"], n=2, max_tokens=4, temperature=1, seed=1)
    assert [choice.index for choice in answer.choices] == [0, 1, 2, 3]
    assert answer.usage.completion_tokens <= 16


def test_echo_with_logprobs_scores_the_prompt(lenient_client):
    answer = lenient_client.completions.create(
        model=CHAT, prompt="The capital of France is Paris", echo=True, logprobs=2, max_tokens=1, temperature=0)
    choice = answer.choices[0]
    assert choice.text.startswith("The capital of France is Paris")
    assert "".join(choice.logprobs.tokens) == choice.text
    assert choice.logprobs.text_offset == sorted(choice.logprobs.text_offset)


def assert_completion_type(chunk):
    """All of the SDK's type but what OpenAI's own events have against it: a null finish reason until a choice ends."""
    body = chunk.to_dict()
    for choice in body["choices"]:
        choice["finish_reason"] = choice["finish_reason"] or "stop"
    Completion.model_validate(body, strict=True)


def test_completions_stream(lenient_client):
    chunks = list(lenient_client.completions.create(
        model=CHAT, prompt="Once upon a time", max_tokens=6, stream=True, stream_options={"include_usage": True}))
    for chunk in chunks:
        assert_completion_type(chunk)
    assert all(chunk.usage is None and "usage" in chunk.model_fields_set for chunk in chunks[:-1])
    assert chunks[-1].choices == [] and chunks[-1].usage.completion_tokens == 6
    assert "".join(chunk.choices[0].text for chunk in chunks[:-1])


def test_best_of_returns_the_likeliest(client):
    answer = client.completions.create(model=CHAT, prompt="I think that", best_of=4, n=1, max_tokens=5, temperature=1, seed=2)
    assert len(answer.choices) == 1 and answer.usage.completion_tokens == 20


def test_embeddings_as_floats_and_base64(client, lenient_client):
    texts = ["A cat sits on the mat.", "A kitten rests on a rug.", "Interest rates rose in March."]
    answer = client.embeddings.create(model=EMBED, input=texts, encoding_format="float")
    vectors = [item.embedding for item in answer.data]
    assert [item.index for item in answer.data] == [0, 1, 2] and len(vectors[0]) == 384
    assert cosine(vectors[0], vectors[1]) > 0.5 > cosine(vectors[0], vectors[2]) + 0.2
    # The client asks for base64 by itself and decodes it.
    assert lenient_client.embeddings.create(model=EMBED, input=texts).data[0].embedding == pytest.approx(vectors[0])
    raw = client.post("/embeddings", cast_to=object, body={"model": EMBED, "input": texts[0], "encoding_format": "base64"})
    assert struct.unpack("<384f", base64.b64decode(raw["data"][0]["embedding"])) == pytest.approx(vectors[0])


def test_embeddings_cut_to_dimensions_are_unit_length(client):
    vector = client.embeddings.create(model=EMBED, input="x", dimensions=64, encoding_format="float").data[0].embedding
    assert len(vector) == 64 and math.sqrt(sum(x * x for x in vector)) == pytest.approx(1, abs=1e-5)


def test_embeddings_of_token_arrays(client, server):
    _, ids = server.post("/tokenize", {"model": EMBED, "prompt": "hello world"})
    by_ids = client.embeddings.create(model=EMBED, input=[ids["tokens"]], encoding_format="float").data[0].embedding
    by_text = client.embeddings.create(model=EMBED, input="hello world", encoding_format="float").data[0].embedding
    assert by_ids == pytest.approx(by_text)


def test_an_embedding_does_not_depend_on_its_batch(client):
    texts = [f"sentence number {i} about {'rivers ' * (i % 7)}" for i in range(100)]
    batch = client.embeddings.create(model=EMBED, input=texts, encoding_format="float").data
    for i in (0, 13, 99):
        assert client.embeddings.create(model=EMBED, input=texts[i], encoding_format="float").data[0].embedding == batch[i].embedding


def test_too_many_and_too_long_inputs_are_errors(client):
    with pytest.raises(openai.BadRequestError):
        client.embeddings.create(model=EMBED, input=["x"] * 2049)
    with pytest.raises(openai.BadRequestError, match="512"):
        client.embeddings.create(model=EMBED, input="word " * 2000)
    with pytest.raises(openai.BadRequestError):
        client.embeddings.create(model=EMBED, input="")


def test_rerank_sorts_by_relevance(server):
    status, answer = server.post("/v1/rerank", {
        "model": EMBED, "query": "Which animal purrs?", "top_n": 2, "return_documents": True,
        "documents": ["Stocks fell.", "Cats purr when they are content.", "The train is late."]})
    assert status == 200
    assert len(answer["results"]) == 2 and answer["results"][0]["index"] == 1
    assert answer["results"][0]["relevance_score"] > answer["results"][1]["relevance_score"]
    assert answer["results"][0]["document"]["text"].startswith("Cats")


def test_the_wrong_kind_of_model_is_a_clear_error(client):
    with pytest.raises(openai.BadRequestError, match=EMBED):
        client.chat.completions.create(model=EMBED, messages=[{"role": "user", "content": "x"}])


def test_llama_server_resources(server):
    import json
    props = json.loads(server.get("/props"))
    assert props["default_generation_settings"]["n_ctx"] > 0 and "chat_template" in props
    assert isinstance(json.loads(server.get("/slots")), list)
    status, rendered = server.post("/apply-template", {"model": CHAT, "messages": [{"role": "user", "content": "hi"}]})
    assert status == 200 and "<|im_start|>user\nhi<|im_end|>" in rendered["prompt"]
    assert json.loads(server.get("/health"))["status"] == "ok"


def test_openapi_names_every_resource(server):
    import json
    paths = json.loads(server.get("/openapi.json"))["paths"]
    for path in ("/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/rerank", "/v1/models", "/tokenize"):
        assert path in paths


def test_the_home_page_is_there(server):
    assert "<title>Atelier</title>" in server.get("/")
    assert "max_completion_tokens" in server.get("/reference")
