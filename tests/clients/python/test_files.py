"""The official Python client against the real server: files and uploads."""

import hashlib
import io

import openai
import pytest


def test_a_file_is_kept_listed_read_and_removed(client):
    content = b'{"a": 1}\n' * 1000
    made = client.files.create(file=("lines.jsonl", content), purpose="batch")
    assert made.object == "file" and made.bytes == len(content) and made.filename == "lines.jsonl"
    assert made.purpose == "batch" and made.status == "processed"
    assert made.expires_at == made.created_at + 30 * 24 * 3600
    assert client.files.retrieve(made.id) == made
    assert client.files.content(made.id).read() == content
    assert made.id in [file.id for file in client.files.list(purpose="batch")]
    assert made.id not in [file.id for file in client.files.list(purpose="vision")]
    gone = client.files.delete(made.id)
    assert gone.deleted and gone.id == made.id
    for call in (client.files.retrieve, client.files.content, client.files.delete):
        with pytest.raises(openai.NotFoundError):
            call(made.id)


def test_lists_come_in_pages_and_in_order(client):
    # Of a purpose that no other test leaves files of.
    made = [client.files.create(file=(f"{i}.txt", b"x"), purpose="vision").id for i in range(5)]
    assert [file.id for file in client.files.list(purpose="vision", limit=2, order="asc")] == made
    assert [file.id for file in client.files.list(purpose="vision", limit=2)] == made[::-1]
    page = client.files.list(purpose="vision", limit=2, order="asc", after=made[1])
    assert [file.id for file in page.data] == made[2:4] and page.has_more
    for file_id in made:
        client.files.delete(file_id)
    with pytest.raises(openai.BadRequestError) as refused:
        client.files.list(limit=0)
    assert refused.value.param == "limit"


def test_an_expiry_is_kept_and_bad_forms_are_named(client):
    made = client.files.create(file=("ü \"quoted\".txt", b""), purpose="assistants",
                               expires_after={"anchor": "created_at", "seconds": 3600})
    assert made.expires_at == made.created_at + 3600 and made.bytes == 0
    assert made.filename == 'ü "quoted".txt'
    client.files.delete(made.id)
    for options, param in (({"purpose": "x"}, "purpose"),
                           ({"purpose": "batch", "expires_after": {"anchor": "created_at", "seconds": 5}},
                            "expires_after.seconds"),
                           ({"purpose": "batch", "extra_body": {"colour": "red"}}, "colour")):
        with pytest.raises(openai.BadRequestError) as refused:
            client.files.create(file=("a", b"b"), **options)
        assert refused.value.param == param, refused.value


def test_a_file_longer_than_a_body_may_be_goes_to_disk(client):
    content = bytes(range(256)) * (40 << 12)  # 40 MiB: other bodies end at 32
    made = client.files.create(file=("long.bin", io.BytesIO(content)), purpose="user_data")
    assert made.bytes == len(content)
    assert hashlib.sha256(client.files.content(made.id).read()).digest() == hashlib.sha256(content).digest()
    client.files.delete(made.id)


def test_an_upload_in_parts_becomes_a_file(client):
    parts = [b"one,", b"two,", b"three"]
    whole = b"".join(parts)
    upload = client.uploads.create(bytes=len(whole), filename="n.txt", mime_type="text/plain", purpose="assistants")
    assert upload.status == "pending" and upload.expires_at == upload.created_at + 3600
    ids = [client.uploads.parts.create(upload.id, data=part).id for part in (parts[2], parts[0], parts[1])]
    ids = [ids[1], ids[2], ids[0]]
    with pytest.raises(openai.BadRequestError) as refused:
        client.uploads.complete(upload.id, part_ids=ids, md5="0" * 32)
    assert refused.value.param == "md5"
    with pytest.raises(openai.BadRequestError):
        client.uploads.complete(upload.id, part_ids=ids[:2])
    with pytest.raises(openai.BadRequestError):
        client.uploads.complete(upload.id, part_ids=[ids[0], ids[0], ids[2]])
    done = client.uploads.complete(upload.id, part_ids=ids, md5=hashlib.md5(whole).hexdigest())
    assert done.status == "completed" and done.file.filename == "n.txt" and done.file.bytes == len(whole)
    assert client.files.content(done.file.id).read() == whole
    with pytest.raises(openai.BadRequestError):
        client.uploads.parts.create(upload.id, data=b"late")
    assert all(file.purpose != "upload_part" for file in client.files.list())


def test_uploads_in_chunks_and_cancelled_ones(client, tmp_path):
    path = tmp_path / "f.bin"
    path.write_bytes(b"0123456789" * 100)
    done = client.uploads.upload_file_chunked(file=path, mime_type="text/plain", purpose="user_data", part_size=300)
    assert done.status == "completed" and client.files.content(done.file.id).read() == path.read_bytes()
    upload = client.uploads.create(bytes=5, filename="n", mime_type="text/plain", purpose="batch")
    assert client.uploads.cancel(upload.id).status == "cancelled"
    with pytest.raises(openai.BadRequestError):
        client.uploads.cancel(upload.id)
    with pytest.raises(openai.NotFoundError):
        client.uploads.cancel("upload_none")
