"""Random-weight models with a real model's tokenizer: narrow llamas, written as GGUF beside the real model's own metadata.

Next to nothing is computed for a token, so that thousands of completions are cheap, and what such a model says is what
no trained model would: every token that the mask allows has its chance.
"""

import pathlib
import random
import struct

WIDTH, HEADS, FEED_FORWARD, LAYERS = 64, 2, 96, 2
UINT32, STRING, ARRAY = 4, 8, 9
SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}  # by type of value
F32, F16 = 0, 1
ALIGNMENT = 32


def _skip(data, at, kind):
    """Where a value ends."""
    if kind == STRING:
        return at + 8 + struct.unpack_from("<Q", data, at)[0]
    if kind != ARRAY:
        return at + SIZES[kind]
    inner, count = struct.unpack_from("<IQ", data, at)
    at += 12
    if inner not in (STRING, ARRAY):
        return at + count * SIZES[inner]
    for _ in range(count):
        at = _skip(data, at, inner)
    return at


def _metadata(data):
    """name -> (type, bytes of the value)."""
    magic, version, _, count = struct.unpack_from("<4sIQQ", data, 0)
    if magic != b"GGUF" or version not in (2, 3):
        raise ValueError("not a GGUF file of version 2 or 3")
    at, entries = 24, {}
    for _ in range(count):
        size = struct.unpack_from("<Q", data, at)[0]
        name = data[at + 8:at + 8 + size].decode()
        at += 8 + size
        kind = struct.unpack_from("<I", data, at)[0]
        end = _skip(data, at + 4, kind)
        entries[name] = (kind, bytes(data[at + 4:end]))
        at = end
    return entries


def _matrix(rng, count, exponent):
    """F16 numbers of either sign, of sizes from 2^exponent to four times that."""
    high = bytes((b & 0x80) | ((15 + exponent + (b & 1)) << 2) | (b >> 1 & 3) for b in range(256))
    data = bytearray(2 * count)
    data[0::2] = rng.randbytes(count)
    data[1::2] = rng.randbytes(count).translate(high)
    return bytes(data)


def _string(text):
    return struct.pack("<Q", len(text)) + text.encode()


def write(source, target, seed, embedding_exponent):
    """embedding_exponent: small for nearly the same chance of each token, large for a few likely ones."""
    data = pathlib.Path(source).read_bytes()
    entries = _metadata(data)
    for name, value in [("block_count", LAYERS), ("embedding_length", WIDTH), ("feed_forward_length", FEED_FORWARD),
                        ("attention.head_count", HEADS), ("attention.head_count_kv", 1),
                        ("rope.dimension_count", WIDTH // HEADS)]:
        entries["llama." + name] = (UINT32, struct.pack("<I", value))
    vocabulary = struct.unpack("<I", entries["llama.vocab_size"][1])[0]
    rng = random.Random(seed)
    head_width = WIDTH // HEADS
    tensors = [("token_embd.weight", (WIDTH, vocabulary), embedding_exponent), ("output_norm.weight", (WIDTH,), None)]
    for layer in range(LAYERS):
        of = f"blk.{layer}."
        tensors += [(of + "attn_norm.weight", (WIDTH,), None), (of + "ffn_norm.weight", (WIDTH,), None),
                    (of + "attn_q.weight", (WIDTH, WIDTH), -3), (of + "attn_k.weight", (WIDTH, head_width), -3),
                    (of + "attn_v.weight", (WIDTH, head_width), -3), (of + "attn_output.weight", (WIDTH, WIDTH), -3),
                    (of + "ffn_gate.weight", (WIDTH, FEED_FORWARD), -3), (of + "ffn_up.weight", (WIDTH, FEED_FORWARD), -3),
                    (of + "ffn_down.weight", (FEED_FORWARD, WIDTH), -3)]
    head, body = bytearray(), bytearray()
    for name, (kind, value) in entries.items():
        head += _string(name) + struct.pack("<I", kind) + value
    for name, shape, exponent in tensors:
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        body += b"\0" * (-len(body) % ALIGNMENT)
        head += _string(name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *shape)
        head += struct.pack("<IQ", F32 if exponent is None else F16, len(body))
        body += struct.pack("<f", 1.0) * count if exponent is None else _matrix(rng, count, exponent)
    begin = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(entries)) + head
    pathlib.Path(target).write_bytes(begin + b"\0" * (-len(begin) % ALIGNMENT) + body)
