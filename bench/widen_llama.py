#!/usr/bin/env python3
"""A llama model in GGUF made wider without changing what it computes, so that its rows fill whole blocks of 256.

    bench/widen_llama.py SmolLM2-F32.gguf wide-F32.gguf

SmolLM2-135M is 576 wide, which no K-quant can hold: llama-quantize falls back to other formats. Here the width becomes
768 and the query heads 12: what is added is zero, and norms are scaled so that a mean over 768 numbers gives what the
mean over 576 gave. Each key/value head gets one more query head, whose output meets zero columns of attn_output. The
result is the same function (to rounding) with real weights, which every format can hold. Needs numpy and gguf.
"""
import math
import sys

import gguf
import numpy as np

BLOCK = 256


def round_up(n):
    return (n + BLOCK - 1) // BLOCK * BLOCK


def pad(matrix, rows, cols):
    out = np.zeros((rows, cols), np.float32)
    out[:matrix.shape[0], :matrix.shape[1]] = matrix
    return out


def pad_heads(matrix, kv_heads, old_group, new_group, head_dim):
    """Rows of query heads [kv_heads * old_group * head_dim, E] with empty heads after each group."""
    out = np.zeros((kv_heads, new_group * head_dim, matrix.shape[1]), np.float32)
    out[:, :old_group * head_dim] = matrix.reshape(kv_heads, old_group * head_dim, -1)
    return out.reshape(kv_heads * new_group * head_dim, -1)


def main():
    source, target = sys.argv[1:]
    reader = gguf.GGUFReader(source)
    fields = {name: field.contents() for name, field in reader.fields.items() if not name.startswith("GGUF.")}
    width, kv_heads = fields["llama.embedding_length"], fields["llama.attention.head_count_kv"]
    heads = fields["llama.attention.head_count"]
    head_dim = width // heads
    new_width = round_up(width)
    group = heads // kv_heads
    new_group = group
    while new_group * kv_heads * head_dim % BLOCK:
        new_group += 1
    inner = kv_heads * new_group * head_dim
    norm_scale = math.sqrt(width / new_width)
    changed = {"llama.embedding_length": new_width, "llama.attention.head_count": kv_heads * new_group,
               "llama.attention.layer_norm_rms_epsilon":
                   fields["llama.attention.layer_norm_rms_epsilon"] * width / new_width}
    writer = gguf.GGUFWriter(target, fields["general.architecture"])
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        value = changed.get(name, field.contents())
        sub_type = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(name, value, field.types[0], sub_type)
    writer.add_key_length(head_dim)
    writer.add_value_length(head_dim)
    for tensor in reader.tensors:
        data = np.array(tensor.data, np.float32).reshape(tuple(reversed(tensor.shape.tolist())))
        kind = tensor.name.split(".")[-2]
        if data.ndim == 1:
            out = np.zeros(new_width, np.float32)
            out[:width] = data * norm_scale
        elif kind == "attn_q":
            out = pad(pad_heads(data, kv_heads, group, new_group, head_dim), inner, new_width)
        elif kind == "attn_output":
            out = pad(pad_heads(np.ascontiguousarray(data.T), kv_heads, group, new_group, head_dim).T, new_width, inner)
        elif kind == "ffn_down":
            out = pad(data, new_width, data.shape[1])
        else:
            out = pad(data, data.shape[0], new_width)
        writer.add_tensor(tensor.name, out)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
