"""The random texts that tokenizers are compared on, the same as src/model/tokenizer/random_text.h makes.

Text number i depends on i alone: Philox4x32-10, key kSeed, stream i, drawn by rejection as base/random.cc does.
"""
SEED = 20261124

# Ranges of code points, one of which gives a character; both files list them in the same order.
RANGES = [
    (0x21, 0x2F), (0x30, 0x39), (0x3A, 0x40), (0x41, 0x5A), (0x5B, 0x60), (0x61, 0x7A), (0x7B, 0x7E), (0x00, 0x1F),
    (0x7F, 0xA0), (0xA1, 0xFF), (0x100, 0x17F), (0x180, 0x24F), (0x250, 0x2FF), (0x300, 0x36F), (0x370, 0x3FF),
    (0x400, 0x52F), (0x531, 0x58F), (0x591, 0x5F4), (0x600, 0x6FF), (0x900, 0x97F), (0x980, 0x9FE), (0xE01, 0xE5B),
    (0x10A0, 0x10FF), (0x1100, 0x11FF), (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x2070, 0x20BF), (0x2100, 0x218F),
    (0x2190, 0x22FF), (0x2460, 0x24FF), (0x2500, 0x25FF), (0x2581, 0x2581), (0x2600, 0x27BF), (0x2E80, 0x2FD5),
    (0x3000, 0x303F), (0x3041, 0x30FF), (0x3105, 0x318E), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3),
    (0xE000, 0xF8FF), (0xF900, 0xFAD9), (0xFB00, 0xFB06), (0xFB1D, 0xFB4F), (0xFE00, 0xFE0F), (0xFE20, 0xFE4F),
    (0xFF01, 0xFF9F), (0x1D400, 0x1D7FF), (0x1F1E6, 0x1F1FF), (0x1F300, 0x1F64F), (0x1F900, 0x1F9FF),
    (0x20000, 0x2A6DF), (0x2F800, 0x2FA1D), (0x200D, 0x200D),
]
SPACES = [" ", " ", " ", "  ", "    ", "\n", "\n\n", "\r\n", "\t", "\r", "\v", "\f", "\u0085", "\u00a0", "\u2003",
          "\u2028", "\u3000", "\u200b", "\ufeff"]
SNIPPETS = ["the", "Hello", " world", "'s", "'S", "'LL", "'re", "'\u017f", "don't", "DON'T", "I'VE", "HTTPServer",
            "camelCase", "iPhone", "return x;", "!=", "...", "?!", "//", "/*", "://", "\\n", "3.14", "1,000,000",
            "2024-01-31", "0x1F", "caf\u00e9", "cafe\u0301", "na\u00efve", "\u00c5ngstr\u00f6m", "\u0130stanbul",
            "stra\u00dfe", "\ufb01n", "\u4f60\u597d", "\u65e5\u672c\u8a9e", "\ud55c\uad6d\uc5b4",
            "\u0440\u0443\u0441\u0441\u043a\u0438\u0439", "\u0645\u0631\u062d\u0628\u0627", "\u0928\u092e\u0938\u094d\u0924\u0947",
            "\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f44d\U0001f3fd", "\U0001f1e9\U0001f1ea",
            "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<s>", "</s>", "<unk>", "[MASK]", "[CLS]", "[UNK]",
            "<0x41>", "<added>", "mask", "\u2581", "aaaaaaaa", "==========", "zzzz"]

MASK64 = (1 << 64) - 1


def philox(key, high, low):
    c = [low & 0xFFFFFFFF, low >> 32, high & 0xFFFFFFFF, high >> 32]
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k0, p1 & 0xFFFFFFFF, (p0 >> 32) ^ c[3] ^ k1, p0 & 0xFFFFFFFF]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c


class Random:
    def __init__(self, seed, stream):
        self.seed, self.stream, self.counter, self.words = seed, stream, 0, []

    def next32(self):
        if not self.words:
            self.words = philox(self.seed, self.stream, self.counter)[::-1]
            self.counter += 1
        return self.words.pop()

    def below(self, bound):
        rest = ((1 << 64) - bound) % bound
        while True:
            high = self.next32()
            x = (high << 32) | self.next32()
            if x >= rest:
                return x % bound


def random_text(number):
    random = Random(SEED, number)
    out = []
    for _ in range(1 + random.below(24)):
        kind = random.below(100)
        if kind < 25:
            out.append(chr(0x20 + random.below(95)))
        elif kind < 40:
            for _ in range(1 + random.below(8)):
                out.append(chr(0x61 + random.below(26)))
        elif kind < 55:
            out.append(SPACES[random.below(len(SPACES))])
        elif kind < 62:
            for _ in range(1 + random.below(6)):
                out.append(chr(0x30 + random.below(10)))
        elif kind < 72:
            out.append(SNIPPETS[random.below(len(SNIPPETS))])
        elif kind < 97:
            first, last = RANGES[random.below(len(RANGES))]
            out.append(chr(first + random.below(last - first + 1)))
        else:
            code = random.below(0x110000 - 0x800)
            out.append(chr(code if code < 0xD800 else code + 0x800))
    return "".join(out)


def fnv(data, start=0xCBF29CE484222325):
    for byte in data:
        start = ((start ^ byte) * 0x100000001B3) & MASK64
    return start
