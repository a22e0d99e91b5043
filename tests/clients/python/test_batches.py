"""The official Python client against the real server: batches."""

import json
import time

import openai
import pytest
from serving import CHAT, EMBED

ENDED = ("completed", "failed", "expired", "cancelled")


def make(client, lines, endpoint="/v1/chat/completions", **options):
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    file = client.files.create(file=("batch.jsonl", text.encode()), purpose="batch")
    return client.batches.create(input_file_id=file.id, endpoint=endpoint, completion_window="24h", **options)


def chat(custom_id, text, **options):
    body = {"model": CHAT, "messages": [{"role": "user", "content": text}], "temperature": 0,
            "max_completion_tokens": 8, **options}
    return {"custom_id": custom_id, "method": "POST", "url": "/v1/chat/completions", "body": body}


def wait(client, batch, seconds=120):
    deadline = time.monotonic() + seconds
    while batch.status not in ENDED and time.monotonic() < deadline:
        time.sleep(0.05)
        batch = client.batches.retrieve(batch.id)
    return batch


def lines_of(client, file_id):
    return [json.loads(line) for line in client.files.content(file_id).text.splitlines()]


def test_a_batch_answers_each_line_as_the_route_would(client):
    lines = [chat(f"q{i}", f"Count to {i}.") for i in range(5)] + [chat("bad", "x", temperature=-3)]
    batch = make(client, lines, metadata={"who": "me"})
    assert batch.object == "batch" and batch.status == "validating" and batch.metadata == {"who": "me"}
    assert batch.expires_at == batch.created_at + 24 * 3600
    batch = wait(client, batch)
    assert batch.status == "completed" and batch.model == CHAT
    counts = batch.request_counts
    assert (counts.total, counts.completed, counts.failed) == (6, 5, 1)
    assert batch.created_at <= batch.in_progress_at <= batch.finalizing_at <= batch.completed_at
    answers = lines_of(client, batch.output_file_id)
    assert [answer["custom_id"] for answer in answers] == [f"q{i}" for i in range(5)]
    alone = client.chat.completions.create(**lines[3]["body"])
    assert answers[3]["response"]["status_code"] == 200 and answers[3]["error"] is None
    assert answers[3]["response"]["body"]["choices"][0]["message"]["content"] == alone.choices[0].message.content
    failed, = lines_of(client, batch.error_file_id)
    assert failed["custom_id"] == "bad" and failed["response"]["status_code"] == 400
    assert failed["response"]["body"]["error"]["param"] == "temperature"
    usage = [answer["response"]["body"]["usage"] for answer in answers]
    assert batch.usage.input_tokens == sum(one["prompt_tokens"] for one in usage)
    assert batch.usage.output_tokens == sum(one["completion_tokens"] for one in usage)
    assert batch.id in [one.id for one in client.batches.list(limit=2)]


def test_other_endpoints_can_be_batched(client):
    for endpoint, body in (("/v1/embeddings", {"model": EMBED, "input": "one"}),
                           ("/v1/completions", {"model": CHAT, "prompt": "one", "max_tokens": 2}),
                           ("/v1/responses", {"model": CHAT, "input": "one", "max_output_tokens": 16})):
        batch = wait(client, make(
            client, [{"custom_id": "a", "method": "POST", "url": endpoint, "body": body}], endpoint))
        assert batch.status == "completed" and batch.request_counts.completed == 1, (endpoint, batch)
        assert batch.error_file_id is None and batch.usage.input_tokens > 0


def test_bad_input_fails_by_line_and_name(client):
    lines = [chat("a", "x"), chat("a", "y"), "{", {**chat("b", "x"), "url": "/v1/embeddings"},
             {**chat("c", "x"), "method": "GET"}, chat("d", "x", stream=True)]
    batch = wait(client, make(client, lines))
    assert batch.status == "failed" and batch.failed_at and batch.output_file_id is None
    found = [(error.line, error.code, error.param) for error in batch.errors.data]
    assert found == [(2, "duplicate_custom_id", "custom_id"), (3, "invalid_json_line", None), (4, "mismatched_url", "url"),
                     (5, "invalid_method", "method"), (6, "invalid_value", "body.stream")]
    assert wait(client, make(client, [""])).errors.data[0].code == "empty_file"
    other = client.files.create(file=("x", b"{}"), purpose="user_data")
    for options in ({"input_file_id": other.id}, {"input_file_id": "file-none"}):
        with pytest.raises(openai.BadRequestError) as refused:
            client.batches.create(endpoint="/v1/completions", completion_window="24h", **options)
        assert refused.value.param == "input_file_id"
    with pytest.raises(openai.NotFoundError):
        client.batches.retrieve("batch_none")


def test_a_cancelled_batch_keeps_what_was_answered(client):
    batch = make(client, [chat(f"q{i}", "Tell a story.", max_completion_tokens=64, ignore_eos=True) for i in range(200)])
    while client.batches.retrieve(batch.id).request_counts.completed == 0:
        time.sleep(0.02)
    assert client.batches.cancel(batch.id).status in ("cancelling", "cancelled")
    batch = wait(client, batch)
    assert batch.status == "cancelled" and batch.cancelling_at <= batch.cancelled_at
    assert 0 < batch.request_counts.completed < 200
    assert len(lines_of(client, batch.output_file_id)) == batch.request_counts.completed
    with pytest.raises(openai.ConflictError):
        client.batches.cancel(batch.id)
