"""Writes tests/golden/compute_quant/: blocks of every format and what the package `gguf` makes of them.

    pip install gguf numpy; python tools/golden_quant.py

A file is NAME.golden: u32 number of blocks | the blocks | the bits of their f32 values, little-endian. The
blocks are random bytes first, then blocks whose 16-bit words are extreme halves: infinities, NaN, subnormals,
zeros of both signs, the largest and the smallest, so that scales and minima take every odd value.
"""

import pathlib
import struct

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType as Type
from gguf.quants import dequantize

FORMATS = ["F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"]
# Where a block keeps its f16 scales and minima.
HALVES = {"Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q2_K": [80, 82], "Q3_K": [108],
          "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}
EXTREME = [0x0000, 0x8000, 0x0001, 0x8001, 0x03FF, 0x83FF, 0x0400, 0x3C00, 0xBC00, 0x7BFF, 0xFBFF, 0x7C00, 0xFC00,
           0x7E00, 0xFE00]
FOLDER = pathlib.Path(__file__).resolve().parents[1] / "tests/golden/compute_quant"


def blocks_of(name, rng):
    elements, size = GGML_QUANT_SIZES[Type[name]]
    if elements == 1:
        # Numbers: random bits, and every 16-bit pattern of interest in the half that carries the exponent.
        random = rng.integers(0, 256, (512, size), dtype=np.uint8)
        extreme = np.zeros((len(EXTREME) * 2, size), dtype=np.uint8)
        for i, bits in enumerate(EXTREME * 2):
            struct.pack_into("<H", extreme[i].data, size - 2, bits if i < len(EXTREME) else bits ^ 0x0380)
        return np.concatenate([random, extreme])
    count = 12 if elements == 256 else 24
    random = rng.integers(0, 256, (count, size), dtype=np.uint8)
    for row in random:  # scales within reason, so that most values are ordinary numbers
        for at in HALVES[name]:
            row[at:at + 2] = np.array([rng.normal() * 0.02], dtype=np.float16).view(np.uint8)
    extreme = rng.integers(0, 256, (len(EXTREME), size), dtype=np.uint8)
    for i, row in enumerate(extreme):
        for j, at in enumerate(HALVES[name]):
            struct.pack_into("<H", row.data, at, EXTREME[(i + 4 * j) % len(EXTREME)])
    fill = np.stack([np.full(size, byte, dtype=np.uint8) for byte in (0x00, 0x80, 0x7F, 0x88)])
    return np.concatenate([random, extreme, fill])


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(20)
    for name in FORMATS:
        blocks = np.ascontiguousarray(blocks_of(name, rng))
        with np.errstate(all="ignore"):
            values = dequantize(blocks, Type[name])
        bits = np.ascontiguousarray(values.astype(np.float32)).view(np.uint32)
        path = FOLDER / f"{name}.golden"
        path.write_bytes(struct.pack("<I", len(blocks)) + blocks.tobytes() + bits.tobytes())
        print(f"{name}: {len(blocks)} blocks, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
