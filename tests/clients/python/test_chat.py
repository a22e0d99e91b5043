"""The official Python client against the real server with the real model: chat completions."""

import asyncio

import openai
import pytest
from serving import CHAT

QUESTION = [{"role": "user", "content": "What is the capital of France? Answer in one short sentence."}]


def ask(client, **options):
    return client.chat.completions.create(
        **{"model": CHAT, "messages": QUESTION, "temperature": 0, "max_completion_tokens": 24, **options})


def test_a_chat_answers(client):
    answer = ask(client)
    assert "Paris" in answer.choices[0].message.content
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.object == "chat.completion"
    assert answer.model == CHAT
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer.usage.prompt_tokens > 10


def test_streaming_sends_role_first_usage_last_and_the_same_text(client):
    whole = ask(client)
    chunks = list(ask(client, stream=True, stream_options={"include_usage": True}))
    assert chunks[0].choices[0].delta.role == "assistant"
    assert all(not chunk.choices[0].delta.role for chunk in chunks[1:-1])
    assert all(len(chunk.choices) == 1 for chunk in chunks[:-1])
    assert all(chunk.choices[0].finish_reason is None for chunk in chunks[:-2])
    assert all(chunk.usage is None for chunk in chunks[:-1])
    assert all("usage" in chunk.model_fields_set for chunk in chunks)
    assert chunks[-1].choices == [] and chunks[-1].usage == whole.usage
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert len({chunk.id for chunk in chunks}) == 1
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1])
    assert text == whole.choices[0].message.content


def test_without_include_usage_no_chunk_has_usage(client):
    chunks = list(ask(client, stream=True))
    assert all(chunk.usage is None and chunk.choices for chunk in chunks)


def test_raw_stream_ends_with_done(client, server):
    with client.chat.completions.with_streaming_response.create(
            model=CHAT, messages=QUESTION, stream=True, max_completion_tokens=3) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in response.iter_lines() if line]
    assert lines[-1] == "data: [DONE]"
    assert all(line.startswith("data: ") for line in lines)


def test_length_is_a_finish_reason(client):
    answer = ask(client, max_completion_tokens=3)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 3


def test_max_tokens_is_the_older_name(client):
    assert ask(client, max_completion_tokens=openai.omit, max_tokens=2).usage.completion_tokens == 2


def test_stop_strings_end_the_text_before_them(client):
    answer = ask(client, messages=[{"role": "user", "content": "Count from 1 to 20, separated by commas."}],
                 stop=["7", "9"], max_completion_tokens=80)
    assert answer.choices[0].finish_reason == "stop"
    assert "7" not in answer.choices[0].message.content


def test_logprobs_come_with_their_alternatives(client):
    answer = ask(client, logprobs=True, top_logprobs=4, max_completion_tokens=6)
    entries = answer.choices[0].logprobs.content
    assert len(entries) == answer.usage.completion_tokens or len(entries) == answer.usage.completion_tokens - 1
    for entry in entries:
        assert entry.logprob <= 0 and len(entry.top_logprobs) == 4
        assert entry.top_logprobs[0].logprob == pytest.approx(max(top.logprob for top in entry.top_logprobs))
        assert entry.token == entry.top_logprobs[0].token  # temperature 0
        assert bytes(entry.bytes).decode("utf-8", "replace") == entry.token
    text = b"".join(bytes(entry.bytes) for entry in entries).decode()
    assert text.startswith(answer.choices[0].message.content)


def test_streamed_logprobs_equal_whole_ones(client):
    whole = ask(client, logprobs=True, top_logprobs=2, max_completion_tokens=8)
    chunks = ask(client, logprobs=True, top_logprobs=2, max_completion_tokens=8, stream=True)
    streamed = [entry for chunk in chunks for entry in (chunk.choices[0].logprobs.content or []
                                                       if chunk.choices[0].logprobs else [])]
    assert streamed == whole.choices[0].logprobs.content


def test_n_choices_differ_and_are_seeded(client):
    options = {"n": 3, "temperature": 1.2, "seed": 7, "max_completion_tokens": 16}
    first, again = ask(client, **options), ask(client, **options)
    texts = [choice.message.content for choice in first.choices]
    assert [choice.index for choice in first.choices] == [0, 1, 2]
    assert len(set(texts)) > 1
    assert texts == [choice.message.content for choice in again.choices]
    assert first.system_fingerprint == again.system_fingerprint


def test_n_choices_stream_interleaved(client):
    chunks = list(ask(client, n=2, temperature=1, seed=3, stream=True, max_completion_tokens=8))
    roles = [chunk.choices[0].index for chunk in chunks if chunk.choices[0].delta.role]
    assert sorted(roles) == [0, 1]
    assert {chunk.choices[0].index for chunk in chunks if chunk.choices[0].finish_reason} == {0, 1}


def test_logit_bias_forbids_a_token(client):
    token = ask(client, logprobs=True, max_completion_tokens=1).choices[0].logprobs.content[0].token
    ids = client.post("/../tokenize", cast_to=object, body={"model": CHAT, "prompt": token, "add_special_tokens": False})
    other = ask(client, logprobs=True, max_completion_tokens=1, logit_bias={str(ids["tokens"][0]): -100})
    assert other.choices[0].logprobs.content[0].token != token


def test_developer_role_and_content_parts(client):
    """They are what a system message and a plain string are: the model reads the same tokens."""
    in_parts = ask(client, messages=[
        {"role": "developer", "content": "You are terse."},
        {"role": "user", "content": [{"type": "text", "text": "What is the capital "},
                                     {"type": "text", "text": "of France?"}]}])
    plain = ask(client, messages=[{"role": "system", "content": "You are terse."},
                                  {"role": "user", "content": "What is the capital of France?"}])
    assert in_parts.usage.prompt_tokens == plain.usage.prompt_tokens
    assert in_parts.choices[0].message.content == plain.choices[0].message.content


def test_a_second_request_reads_the_prefix_cache(client):
    messages = [{"role": "system", "content": "Read carefully. " * 40}, *QUESTION]
    first, second = ask(client, messages=messages), ask(client, messages=messages)
    assert second.usage.prompt_tokens_details.cached_tokens >= 64
    assert first.choices[0].message.content == second.choices[0].message.content


def test_images_on_a_text_model_are_refused(client):
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, messages=[{"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]}])
    assert "image_url" in caught.value.message
    assert caught.value.code == "unsupported_parameter"


@pytest.mark.parametrize("options, status, param", [
    ({"temperature": 3}, 400, "temperature"),
    ({"temperature": "hot"}, 400, "temperature"),
    ({"n": 0}, 400, "n"),
    ({"top_p": 0}, 400, "top_p"),
    ({"messages": []}, 400, "messages"),
    ({"messages": [{"role": "wizard", "content": "x"}]}, 400, "messages[0].role"),
    ({"stop": ["a"] * 100}, 400, "stop"),
    ({"logit_bias": {"9999999": 1}}, 400, "logit_bias"),
    ({"extra_body": {"temprature": 1}}, 400, "temprature"),
    ({"model": "no-such-model"}, 404, "model"),
])
def test_errors_name_the_parameter(client, options, status, param):
    with pytest.raises(openai.APIStatusError) as caught:
        ask(client, **options)
    assert caught.value.status_code == status
    assert caught.value.param == param
    assert caught.value.type and caught.value.message


def test_an_unknown_parameter_names_the_nearest(client):
    with pytest.raises(openai.BadRequestError, match="temperature") as caught:
        ask(client, extra_body={"temprature": 1})
    assert caught.value.code == "unknown_parameter"


def test_a_prompt_over_the_context_gives_both_numbers(client):
    with pytest.raises(openai.BadRequestError, match=r"\d{4,}.*\d{4,}") as caught:
        ask(client, messages=[{"role": "user", "content": "word " * 20000}])
    assert caught.value.code == "context_length_exceeded"


def test_extra_sampling_parameters_are_honoured(client):
    answer = ask(client, temperature=1.5, seed=5, extra_body={
        "top_k": 1, "min_p": 0.1, "repetition_penalty": 1.1, "ignore_eos": True, "min_tokens": 4},
        max_completion_tokens=6)
    assert answer.usage.completion_tokens == 6


def test_return_token_ids(client):
    answer = ask(client, extra_body={"return_token_ids": True}, max_completion_tokens=4)
    assert len(answer.choices[0].token_ids) == answer.usage.completion_tokens
    assert len(answer.prompt_token_ids) == answer.usage.prompt_tokens


def test_continue_final_message(client):
    answer = ask(client, messages=[*QUESTION, {"role": "assistant", "content": "The capital of France is"}],
                 extra_body={"continue_final_message": True, "add_generation_prompt": False}, max_completion_tokens=3)
    assert "Paris" in answer.choices[0].message.content


def test_leaving_a_stream_frees_the_engine(client, server):
    stream = ask(client, stream=True, max_completion_tokens=4000,
                 extra_body={"ignore_eos": True}, temperature=1)
    for _, _ in zip(range(3), stream):
        pass
    stream.close()
    assert server.wait_for_metric("vllm:num_requests_running", 0)
    assert server.wait_for_metric("vllm:kv_cache_usage_perc", 0)


def test_leaving_a_whole_answer_frees_the_engine(client, server):
    with pytest.raises(openai.APITimeoutError):
        ask(client, max_completion_tokens=4000, extra_body={"ignore_eos": True}, timeout=0.3)
    assert server.wait_for_metric("vllm:num_requests_running", 0)
    assert server.wait_for_metric("vllm:num_requests_waiting", 0)


def test_async_streams_at_once(async_client):
    async def one(client, seed):
        text = ""
        stream = await client.chat.completions.create(
            model=CHAT, messages=QUESTION, temperature=1, seed=seed, max_completion_tokens=24, stream=True)
        async for chunk in stream:
            text += chunk.choices[0].delta.content or ""
        return text

    async def all_at_once():
        async with async_client() as client:
            together = await asyncio.gather(*(one(client, seed) for seed in range(16)))
            alone = [await one(client, seed) for seed in range(4)]
            return together, alone

    together, alone = asyncio.run(all_at_once())
    assert together[:4] == alone
