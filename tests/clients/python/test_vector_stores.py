"""The official Python client's vector stores and file search, against the real server with the real models."""

import io
import json
import time

import openai
import pytest
from serving import CHAT

TOWER = b"# The tower\n\nThe old tower of Weil is 42 metres high. It was built of red sandstone in 1312.\n"
BRIDGE = b"# The bridge\n\nThe bridge over the Rhine was opened in 2007. Only walkers and bicycles may cross it.\n"
CHEESE = b"# Cheese\n\nA wheel of mountain cheese ripens for ten months in a cellar before it is sold.\n"


def upload(client, name, content):
    return client.files.create(file=(name, content), purpose="assistants")


def wait_until(what, seconds=120):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come to be in time"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def store(client):
    """A store of three files with attributes."""
    made = client.vector_stores.create(name="places", metadata={"who": "me"})
    for name, content, attributes in (
            ("tower.md", TOWER, {"kind": "building", "year": 1312, "open": True}),
            ("bridge.md", BRIDGE, {"kind": "building", "year": 2007, "open": False}),
            ("cheese.md", CHEESE, {"kind": "food"})):
        file = client.vector_stores.files.create_and_poll(
            upload(client, name, content).id, vector_store_id=made.id, attributes=attributes, poll_interval_ms=20)
        assert file.status == "completed" and file.attributes == attributes and file.usage_bytes > 0
    yield made
    client.vector_stores.delete(made.id)


def names(page):
    return [result.filename for result in page]


def test_a_store_is_made_changed_listed_and_removed(client):
    made = client.vector_stores.create(name="a", metadata={"k": "v"}, expires_after={
        "anchor": "last_active_at", "days": 3})
    assert made.status == "completed" and made.file_counts.total == 0 and made.usage_bytes == 0
    assert made.expires_at == made.last_active_at + 3 * 86400 and made.metadata == {"k": "v"}
    changed = client.vector_stores.update(made.id, name="b", metadata={}, expires_after=None)
    assert (changed.name, changed.metadata, changed.expires_after, changed.expires_at) == ("b", {}, None, None)
    assert client.vector_stores.retrieve(made.id).name == "b"
    others = [client.vector_stores.create(name=f"n{i}").id for i in range(3)]
    assert [one.id for one in client.vector_stores.list(limit=2)][:4] == [*reversed(others), made.id]
    page = client.vector_stores.list(limit=2, before=made.id)
    assert [one.id for one in page.data] == [others[1], others[0]]
    for one in [*others, made.id]:
        assert client.vector_stores.delete(one).deleted
    for call in (client.vector_stores.retrieve, client.vector_stores.delete):
        with pytest.raises(openai.NotFoundError):
            call(made.id)


def test_search_finds_by_meaning_and_by_words(client, store):
    page = client.vector_stores.search(store.id, query="How tall is the tower?")
    assert page.object == "vector_store.search_results.page" and page.search_query == ["How tall is the tower?"]
    best = page.data[0]
    assert best.filename == "tower.md" and "42 metres" in best.content[0].text
    assert best.attributes == {"kind": "building", "year": 1312, "open": True}
    scores = [result.score for result in page]
    assert scores == sorted(scores, reverse=True) and all(0 <= score <= 1 for score in scores)
    assert names(client.vector_stores.search(store.id, query="sandstone", max_num_results=1)) == ["tower.md"]
    both = client.vector_stores.search(store.id, query=["ripens in a cellar", "opened in 2007"], max_num_results=2)
    assert sorted(names(both)) == ["bridge.md", "cheese.md"]
    assert names(client.vector_stores.search(store.id, query="tower", ranking_options={"score_threshold": 1.0})) in (
        [], ["tower.md"])


def test_a_rewritten_query_is_searched_too(client, store):
    page = client.vector_stores.search(store.id, query="How tall is the tower?", rewrite_query=True)
    assert page.search_query[0] == "How tall is the tower?"
    assert 1 <= len(page.search_query) <= 2 and all(query.strip() for query in page.search_query)
    assert "tower.md" in names(page)


def test_words_and_likeness_are_weighed(client, store):
    def search(likeness, words, **more):
        return client.vector_stores.search(store.id, query="ripens", ranking_options={
            "ranker": "auto", "score_threshold": 0.01, "hybrid_search": {
                "embedding_weight": likeness, "text_weight": words}}, **more)
    assert names(search(0, 1)) == ["cheese.md"]  # the only one that says the word
    alike = search(1, 0)
    assert names(alike)[0] == "cheese.md" and len(alike.data) > 1
    assert [hit.score for hit in search(3, 1)] == [hit.score for hit in search(0.75, 0.25)]
    for weights in ({"embedding_weight": 0, "text_weight": 0}, {"embedding_weight": -1, "text_weight": 1},
                    {"embedding_weight": 1}):
        with pytest.raises(openai.BadRequestError) as refused:
            client.vector_stores.search(store.id, query="x", ranking_options={"hybrid_search": weights})
        assert refused.value.param.startswith("ranking_options.hybrid_search")
    with pytest.raises(openai.BadRequestError) as refused:
        client.vector_stores.search(store.id, query="x", ranking_options={"ranker": "best"})
    assert refused.value.param == "ranking_options.ranker"


def test_the_ranker_that_is_named_ranks(client, store):
    def search(ranker, **more):
        return client.vector_stores.search(store.id, query="Who may cross the bridge?", ranking_options={
            "ranker": ranker, **more}).data

    def scores(hits):
        return [hit.score for hit in hits]
    plain = search("none")
    assert scores(search("auto")) == scores(plain)  # nothing is configured, so nothing is judged again
    default = search("default-2024-11-15")
    assert scores(default) == scores(search("learned")) != scores(plain)
    assert default[0].filename == "bridge.md" and all(0 <= hit.score <= 1 for hit in default)
    places = [1 - i / len(plain) for i in range(len(plain))]
    assert scores(search("mmr")) == pytest.approx(places)
    assert all(hit.score >= 0.5 for hit in search("mmr", score_threshold=0.5))
    for slow in ("decisions", "decisions_listwise"):  # on a busy machine their time may run out
        assert {hit.filename for hit in search(slow)} == {hit.filename for hit in plain}
    with pytest.raises(openai.APIStatusError) as refused:
        search("cross_encoder")  # no such model is installed
    assert refused.value.param == "ranking_options.ranker" and "rerank model" in refused.value.message


@pytest.mark.parametrize(("filters", "wanted"), [
    ({"type": "eq", "key": "kind", "value": "food"}, ["cheese.md"]),
    ({"type": "ne", "key": "kind", "value": "food"}, ["bridge.md", "tower.md"]),
    ({"type": "gt", "key": "year", "value": 1312}, ["bridge.md"]),
    ({"type": "gte", "key": "year", "value": 1312}, ["bridge.md", "tower.md"]),
    ({"type": "lt", "key": "year", "value": 2007}, ["tower.md"]),
    ({"type": "lte", "key": "year", "value": 2007}, ["bridge.md", "tower.md"]),
    ({"type": "in", "key": "year", "value": [2007, 5]}, ["bridge.md"]),
    ({"type": "nin", "key": "year", "value": [2007, 5]}, ["cheese.md", "tower.md"]),
    ({"type": "eq", "key": "open", "value": True}, ["tower.md"]),
    ({"type": "and", "filters": [{"type": "eq", "key": "kind", "value": "building"},
                                 {"type": "eq", "key": "open", "value": False}]}, ["bridge.md"]),
    ({"type": "or", "filters": [{"type": "eq", "key": "kind", "value": "food"},
                                {"type": "and", "filters": [{"type": "lt", "key": "year", "value": 1900}]}]},
     ["cheese.md", "tower.md"]),
    ({"type": "eq", "key": "none", "value": 1}, []),
])
def test_filters(client, store, filters, wanted):
    found = client.vector_stores.search(store.id, query="a thing", filters=filters)
    assert sorted(names(found)) == wanted


def test_bad_searches_name_what_is_wrong(client, store):
    deep = {"type": "eq", "key": "a", "value": 1}
    for _ in range(80):
        deep = {"type": "and", "filters": [deep]}
    for body, param in (({"query": ""}, "query"), ({"query": []}, "query"), ({"query": "x", "max_num_results": 51},
                        "max_num_results"), ({"query": "x", "filters": {"type": "is"}}, "filters.type"),
                        ({"query": "x", "filters": {"type": "eq", "key": "@document", "value": "y"}}, "filters.key"),
                        ({"query": "x", "filters": {"type": "eq", "key": "y", "value": {}}}, "filters.value"),
                        ({"query": "x", "filters": {"type": "or", "filters": []}}, "filters.filters"),
                        ({"query": "x", "filters": deep}, None),
                        ({"query": "x", "ranking_options": {"score_threshold": 2}}, "ranking_options.score_threshold")):
        with pytest.raises(openai.BadRequestError) as refused:
            client.vector_stores.search(store.id, **body)
        assert param is None or refused.value.param == param, body
    with pytest.raises(openai.NotFoundError):
        client.vector_stores.search("vs_none", query="x")


def test_attributes_change_without_reading_the_file_again(client, store):
    file = next(one for one in client.vector_stores.files.list(store.id) if one.attributes.get("kind") == "food")
    changed = client.vector_stores.files.update(file.id, vector_store_id=store.id, attributes={"kind": "milk"})
    assert changed.attributes == {"kind": "milk"} and changed.status == "completed"
    of = {kind: names(client.vector_stores.search(store.id, query="cheese", filters={
        "type": "eq", "key": "kind", "value": kind})) for kind in ("food", "milk")}
    assert of == {"food": [], "milk": ["cheese.md"]}
    client.vector_stores.files.update(file.id, vector_store_id=store.id, attributes={"kind": "food"})
    for wrong in ({"$kind": "x"}, {"@source": "x"}, {"a": [1]}, {"a": "x" * 600}, {f"k{i}": i for i in range(17)}):
        with pytest.raises(openai.BadRequestError) as refused:
            client.vector_stores.files.update(file.id, vector_store_id=store.id, attributes=wrong)
        assert refused.value.param.startswith("attributes")


def test_files_are_uploaded_read_quoted_and_taken_out(client):
    made = client.vector_stores.create(name="files")
    file = client.vector_stores.files.upload_and_poll(
        vector_store_id=made.id, file=("tower.md", TOWER), poll_interval_ms=20,
        chunking_strategy={"type": "static", "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 20}})
    assert file.status == "completed" and file.vector_store_id == made.id and file.last_error is None
    assert file.chunking_strategy.static.max_chunk_size_tokens == 100
    assert client.vector_stores.retrieve(made.id).usage_bytes == file.usage_bytes
    content = client.vector_stores.files.content(file.id, vector_store_id=made.id)
    assert "".join(part.text for part in content) == TOWER.decode()
    # Attached again it is read again, and is there once.
    client.vector_stores.files.create_and_poll(file.id, vector_store_id=made.id, poll_interval_ms=20)
    assert names(client.vector_stores.search(made.id, query="tower")) == ["tower.md"]
    assert client.vector_stores.retrieve(made.id).file_counts.total == 1
    auto = client.vector_stores.files.create_and_poll(
        file.id, vector_store_id=made.id, poll_interval_ms=20, chunking_strategy={"type": "auto"})
    assert auto.chunking_strategy.type == "other"
    assert client.vector_stores.files.delete(file.id, vector_store_id=made.id).deleted
    assert names(client.vector_stores.search(made.id, query="tower")) == []
    assert client.files.retrieve(file.id).filename == "tower.md"  # the file itself stays
    with pytest.raises(openai.NotFoundError):
        client.vector_stores.files.retrieve(file.id, vector_store_id=made.id)
    # A file that is removed altogether leaves every store.
    client.vector_stores.files.create_and_poll(file.id, vector_store_id=made.id, poll_interval_ms=20)
    client.files.delete(file.id)
    assert names(client.vector_stores.search(made.id, query="tower")) == []
    assert list(client.vector_stores.files.list(made.id)) == []
    client.vector_stores.delete(made.id)


def test_what_cannot_be_read_fails_and_says_why(client):
    made = client.vector_stores.create()
    failed = {}
    for name, content in (("noise.bin", bytes(range(256)) * 8), ("empty.txt", b"\n \n")):
        file = client.vector_stores.files.create_and_poll(
            upload(client, name, content).id, vector_store_id=made.id, poll_interval_ms=20)
        assert file.status == "failed" and file.last_error.message
        failed[name] = file.last_error.code
    assert failed["noise.bin"] in ("unsupported_file", "invalid_file") and failed["empty.txt"] == "invalid_file"
    counts = client.vector_stores.retrieve(made.id).file_counts
    assert (counts.failed, counts.total) == (2, 2)
    assert len(list(client.vector_stores.files.list(made.id, filter="failed"))) == 2
    assert list(client.vector_stores.files.list(made.id, filter="completed")) == []
    for call in (lambda: client.vector_stores.files.create(vector_store_id=made.id, file_id="file-none"),
                 lambda: client.vector_stores.create(file_ids=["file-none"])):
        with pytest.raises(openai.NotFoundError):
            call()
    for size, overlap, wrong in ((100, 60, "chunk_overlap_tokens"), (100, -1, "chunk_overlap_tokens"),
                                 (99, 0, "max_chunk_size_tokens"), (4097, 0, "max_chunk_size_tokens")):
        with pytest.raises(openai.BadRequestError) as refused:
            client.vector_stores.files.create(vector_store_id=made.id, file_id=file.id, chunking_strategy={
                "type": "static", "static": {"max_chunk_size_tokens": size, "chunk_overlap_tokens": overlap}})
        assert refused.value.param == f"chunking_strategy.static.{wrong}"
    client.vector_stores.delete(made.id)


def test_batches_of_files(client):
    made = client.vector_stores.create(name="batches")
    ids = [upload(client, f"n{i}.txt", f"Number {i} has {i} legs.".encode()).id for i in range(4)]
    batch = client.vector_stores.file_batches.create_and_poll(
        made.id, file_ids=ids, attributes={"b": 1}, poll_interval_ms=20)
    assert batch.status == "completed" and (batch.file_counts.completed, batch.file_counts.total) == (4, 4)
    listed = list(client.vector_stores.file_batches.list_files(batch.id, vector_store_id=made.id, limit=3, order="asc"))
    assert [file.id for file in listed] == ids and all(file.attributes == {"b": 1} for file in listed)
    streams = [io.BytesIO(TOWER), io.BytesIO(CHEESE)]
    for stream, name in zip(streams, ("t.md", "c.md")):
        stream.name = name
    uploaded = client.vector_stores.file_batches.upload_and_poll(made.id, files=streams, poll_interval_ms=20)
    assert uploaded.status == "completed" and uploaded.file_counts.total == 2
    own = client.vector_stores.file_batches.create_and_poll(made.id, poll_interval_ms=20, files=[
        {"file_id": ids[0], "attributes": {"b": 2}}, {"file_id": ids[1]}])
    assert own.file_counts.total == 2
    assert client.vector_stores.files.retrieve(ids[0], vector_store_id=made.id).attributes == {"b": 2}
    assert client.vector_stores.retrieve(made.id).file_counts.completed == 6
    with pytest.raises(openai.ConflictError):
        client.vector_stores.file_batches.cancel(own.id, vector_store_id=made.id)
    with pytest.raises(openai.BadRequestError):
        client.vector_stores.file_batches.create(made.id, file_ids=[ids[0], ids[0]])
    with pytest.raises(openai.NotFoundError):
        client.vector_stores.file_batches.retrieve("vsfb_none", vector_store_id=made.id)
    client.vector_stores.delete(made.id)


def test_a_store_made_of_files_is_ready_when_they_are(client):
    ids = [upload(client, f"n{i}.txt", b"Some words.").id for i in range(2)]
    made = client.vector_stores.create(file_ids=ids)
    assert made.file_counts.total == 2
    wait_until(lambda: client.vector_stores.retrieve(made.id).status == "completed")
    assert client.vector_stores.retrieve(made.id).file_counts.completed == 2
    client.vector_stores.delete(made.id)


def search_tool(store, **more):
    return {"type": "file_search", "vector_store_ids": [store.id], "max_num_results": 2, **more}


def ask(client, store, question="How high is the tower?", **more):
    return client.responses.create(**{"model": CHAT, "input": question, "tools": [search_tool(store)], "temperature": 0,
                                      "max_output_tokens": 40, **more})


CITES = {"format": {"type": "json_schema", "name": "x", "schema": {"enum": ["Höhe: 42 m [1], not [9]."]}}}


def test_file_search_alone_always_searches_first(client, store):
    made = ask(client, store, include=["file_search_call.results"])
    search, message = made.output
    assert (search.type, search.status, search.queries) == ("file_search_call", "completed", ["How high is the tower?"])
    assert search.results[0].filename == "tower.md" and "42 metres" in search.results[0].text
    assert len(search.results) == 2 and search.results[0].attributes["year"] == 1312
    assert message.type == "message" and made.status == "completed" and made.output_text
    assert made.tools[0].type == "file_search" and made.tools[0].vector_store_ids == [store.id]
    plain = ask(client, store, tools=[])
    assert made.usage.input_tokens > plain.usage.input_tokens + 20  # the sources
    assert ask(client, store).output[0].results is None
    required = ask(client, store, tool_choice="required")
    assert required.output[0].type == "file_search_call"
    assert ask(client, store, tool_choice="none").output[0].type == "message"
    # What was found before is no part of what the model is asked next.
    after = ask(client, store, "And the bridge?", previous_response_id=made.id)
    assert after.output[0].queries == ["And the bridge?"]


def test_what_the_model_cites_is_annotated(client, store):
    made = ask(client, store, text=CITES)
    part = made.output[1].content[0]
    citation, = part.annotations
    assert citation.type == "file_citation" and citation.filename == "tower.md"
    assert json.loads(part.text) == "Höhe: 42 m [1], not [9]." and part.text[citation.index:].startswith("[1]")
    assert citation.file_id == client.vector_stores.search(store.id, query="tower").data[0].file_id
    nothing = ask(client, store, text=CITES, tools=[search_tool(store, filters={
        "type": "eq", "key": "kind", "value": "none"})])
    assert nothing.output[1].content[0].annotations == []


def test_events_of_a_search_come_in_order(client, store):
    types, number = [], 0
    with client.responses.stream(model=CHAT, input="How high is the tower?", tools=[search_tool(store)], temperature=0,
                                 text=CITES, max_output_tokens=40) as stream:
        for event in stream:
            assert event.sequence_number == number
            number += 1
            types += [event.type] if not types or types[-1] != event.type else []
        final = stream.get_final_response()
    assert types[:9] == [
        "response.created", "response.in_progress", "response.output_item.added", "response.file_search_call.in_progress",
        "response.file_search_call.searching", "response.file_search_call.completed", "response.output_item.done",
        "response.output_item.added", "response.content_part.added"]
    assert types.count("response.output_text.annotation.added") == 1 and types[-1] == "response.completed"
    assert final.output[1].content[0].annotations[0].filename == "tower.md"
    again = client.responses.retrieve(final.id)
    assert [item.id for item in again.output] == [item.id for item in final.output]
    assert again.output[1].content[0].annotations == final.output[1].content[0].annotations


def test_beside_functions_the_model_may_call_the_search(client, store):
    weather = {"type": "function", "name": "get_weather", "parameters": {"type": "object", "properties": {}}}
    both = [search_tool(store), weather]
    made = ask(client, store, tools=both, tool_choice={"type": "allowed_tools", "mode": "required", "tools": [
        {"type": "file_search"}]}, max_output_tokens=120, parallel_tool_calls=False, max_tool_calls=1,
        include=["file_search_call.results"])
    assert [item.type for item in made.output][0] == "file_search_call"
    assert made.output[0].queries and made.output[0].results and made.output[-1].type == "message"
    chosen = ask(client, store, tools=both, tool_choice={"type": "file_search"})
    assert chosen.output[0].type == "file_search_call" and chosen.output[0].queries == ["How high is the tower?"]
    called = ask(client, store, tools=both, tool_choice={"type": "function", "name": "get_weather"})
    assert [item.type for item in called.output] == ["function_call"]


def test_bad_file_search_is_refused(client, store):
    for tools, param in (([{"type": "file_search"}], "tools[0].vector_store_ids"),
                         ([search_tool(store, filters={"type": "x"})], "tools[0].filters.type"),
                         ([search_tool(store), search_tool(store)], "tools[1]"),
                         ([{"type": "function"}], "tools[0].name")):
        with pytest.raises(openai.BadRequestError) as refused:
            ask(client, store, tools=tools)
        assert refused.value.param == param
    with pytest.raises(openai.NotFoundError):
        ask(client, store, tools=[{"type": "file_search", "vector_store_ids": ["vs_none"]}])
