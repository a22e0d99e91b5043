#!/usr/bin/env python3
"""Writes tests/golden/model_tokenizer: what the PyPI package `tokenizers` makes of 10,000 random texts a vocabulary.

    python3 -m pip install tokenizers==0.23.3 sentencepiece==0.2.3 gguf==0.19.0 protobuf
    python3 tools/golden_tokenizers.py [--models ~/.atelier/models] [--shared ../shared] [NAME…]

For each vocabulary NAME.txt has one line per hundred texts: FNV-1a of all their ids (with special tokens), FNV-1a of
what the ids decode to, and 16 bits of each text's own hash of ids, to tell which one differs.

tiny-*.json are small vocabularies trained here (once; kept as inputs, remade with --train), one for each way that
the parts of tokenizer.json are put together. For vocabularies that come as GGUF the `tokenizers` object is built
from the metadata, with the regular expressions that the model's own tokenizer.json has.
"""
import argparse
import base64
import json
import pathlib
import struct
import sys

from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors,
                        trainers)

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from random_text import fnv, random_text  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = ROOT / "tests/golden/model_tokenizer"
NUM_TEXTS = 10_000

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
GPT4O = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
DEEPSEEK_LETTERS = None  # read from src/model/tokenizer/pattern_texts.h


def split(*patterns):
    steps = [pre_tokenizers.Split(Regex(p), "isolated") for p in patterns]
    return pre_tokenizers.Sequence(steps + [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def read_gguf(path):
    import gguf
    fields = gguf.GGUFReader(path).fields
    return {key[len("tokenizer.ggml."):]: field.contents() for key, field in fields.items()
            if key.startswith("tokenizer.ggml.")}


def add_tokens(tokenizer, meta):
    for piece, kind in zip(meta["tokens"], meta["token_type"]):
        if kind in (2, 3):
            tokenizer.add_special_tokens([AddedToken(piece, special=True, normalized=False)])
        elif kind == 4:
            tokenizer.add_tokens([AddedToken(piece, normalized=False)])


def byte_level(meta, pre_tokenizer):
    vocab = {piece: i for i, piece in enumerate(meta["tokens"])}
    merges = [tuple(m.split(" ", 1)) for m in meta["merges"]]
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    add_tokens(tokenizer, meta)
    return tokenizer


def scored(meta):
    """SentencePiece's BPE: every way to halve a piece is a merge, in order of the pieces' scores."""
    vocab = {piece: i for i, piece in enumerate(meta["tokens"])}
    merges = []
    for piece, score in zip(meta["tokens"], meta["scores"]):
        for at in range(1, len(piece)):
            if piece[:at] in vocab and piece[at:] in vocab:
                merges.append((-score, vocab[piece[:at]], vocab[piece[at:]], piece[:at], piece[at:]))
    merges.sort()
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[m[3:] for m in merges], byte_fallback=True, fuse_unk=True,
                                     unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
                                           decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A $B",
                                                             special_tokens=[("<s>", 1)])
    add_tokens(tokenizer, meta)
    return tokenizer


def deepseek_patterns():
    """The expressions of pattern_texts.h, whose letters are too many to write twice."""
    text = (ROOT / "src/model/tokenizer/pattern_texts.h").read_text()
    body = text[text.index("kDeepSeekLetters"):]
    body = body[:body.index(";")]
    letters = "".join(part.split('(', 1)[1].rsplit(')', 1)[0] for part in body.split('"')[1::2] if "(" in part)
    return [r"[\r\n]", letters.replace(r"\x{", "\\x{"), r"\s?[!-/:-~！-／：-～‘-‟　-。]+", r"\s+$",
            "[一-龥\u0800-一가-\ud7ff]+", r"\p{N}+"]


def shared_vocabularies(shared, models_dir):
    def gguf(name):
        return read_gguf(shared / f"tokenizers/ggml-vocab-{name}.gguf")

    yield "gpt-2", lambda: byte_level(gguf("gpt-2"), split(GPT2))
    yield "starcoder", lambda: byte_level(gguf("starcoder"), split(r"\p{N}", GPT2))
    yield "falcon", lambda: byte_level(gguf("falcon"), split(r"[\p{P}\$\+<=>\^~\|`]+", GPT2, "[0-9][0-9][0-9]"))
    yield "deepseek-llm", lambda: with_template(byte_level(gguf("deepseek-llm"), split(*deepseek_patterns())),
                                                "<｜begin▁of▁sentence｜>", 100000)
    yield "llama-spm", lambda: scored(gguf("llama-spm"))
    yield "bert-bge", lambda: Tokenizer.from_file(str(models_dir / "bge-small-en-v1.5/bge-small-en-v1.5-tokenizer.json"))
    yield "bge-small-en-v1.5", lambda: Tokenizer.from_file(
        str(models_dir / "bge-small-en-v1.5/bge-small-en-v1.5-tokenizer.json"))
    yield "all-minilm-l6-v2", lambda: Tokenizer.from_file(str(models_dir / "all-minilm-l6-v2/tokenizer.json"))
    smollm2 = models_dir / "smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf"
    yield "smollm2-135m-instruct", lambda: byte_level(read_gguf(smollm2), pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]))


def with_template(tokenizer, bos, bos_id):
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{bos} $A", pair=f"{bos} $A $B",
                                                             special_tokens=[(bos, bos_id)])
    return tokenizer


def corpus():
    texts = [random_text(1_000_000 + i) for i in range(1500)]
    words = pathlib.Path(json.__file__).read_text() + pathlib.Path(argparse.__file__).read_text()
    return texts + words.splitlines() * 4


def train_sentencepiece(name, **options):
    import io
    import sentencepiece
    model = io.BytesIO()
    lines = [line.replace("\0", "") for line in corpus() if line.strip()]
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(lines), model_writer=model, num_threads=1,
                                             hard_vocab_limit=False, minloglevel=2, **options)
    return model.getvalue()


def sentencepiece_pieces(model):
    from sentencepiece import sentencepiece_model_pb2
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(model)
    return [(p.piece, p.score) for p in proto.pieces], proto.normalizer_spec.precompiled_charsmap, proto


RULES = """FF21\t41\nFF22\t42\nFF41\t61\nFF42\t62\nFB01\t66 69\nFB02\t66 6C\n2126\t3A9\n00A0\t20\n3000\t20\n2003\t20
0065 0301\tE9\n0061 0308\tE4\n2460\t31\n2461\t32\nAD\t\n200B\t20\nFEFF\t\n2026\t2E 2E 2E\n00BD\t31 2F 32\n"""


def tiny_unigram(byte_fallback):
    rules = pathlib.Path("/tmp/golden_tokenizers_rules.tsv")
    rules.write_text(RULES)
    model = train_sentencepiece("unigram", vocab_size=1000, model_type="unigram", character_coverage=0.98,
                                byte_fallback=byte_fallback, normalization_rule_tsv=str(rules))
    pieces, charsmap, _ = sentencepiece_pieces(model)
    unk = [p for p, _ in pieces].index("<unk>")
    tokenizer = Tokenizer(models.Unigram([(p, s) for p, s in pieces], unk_id=unk, byte_fallback=byte_fallback))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Precompiled(charsmap), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.add_special_tokens(["<s>", "</s>", "<unk>", AddedToken("[MASK]", lstrip=True, special=True)])
    tokenizer.add_tokens(["<added>"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>",
        special_tokens=[(t, tokenizer.token_to_id(t)) for t in ("<s>", "</s>")])
    return tokenizer


def train_tiny():
    lines = corpus()
    tiny = {}
    t = tiny_unigram(False)
    t.pre_tokenizer = pre_tokenizers.Metaspace()
    t.decoder = decoders.Metaspace()
    tiny["unigram"] = t
    t = tiny_unigram(True)
    t.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC()])
    t.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="first")])
    t.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace()])
    tiny["unigram-bytes"] = t

    def trained(model, trainer, **parts):
        tokenizer = Tokenizer(model)
        for name, part in parts.items():
            setattr(tokenizer, name, part)
        tokenizer.train_from_iterator(lines, trainer)
        return tokenizer

    alphabet = pre_tokenizers.ByteLevel.alphabet()
    specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    bpe = dict(vocab_size=800, special_tokens=specials, initial_alphabet=alphabet, show_progress=False)
    tiny["llama3"] = trained(models.BPE(ignore_merges=True), trainers.BpeTrainer(**bpe), pre_tokenizer=split(LLAMA3),
                             decoder=decoders.ByteLevel(), post_processor=processors.ByteLevel(trim_offsets=False))
    tiny["gpt4o"] = trained(models.BPE(), trainers.BpeTrainer(**bpe), pre_tokenizer=split(GPT4O),
                            decoder=decoders.ByteLevel())
    t = trained(models.BPE(), trainers.BpeTrainer(**bpe), normalizer=normalizers.NFC(), decoder=decoders.ByteLevel(),
                pre_tokenizer=pre_tokenizers.Sequence(
                    [pre_tokenizers.Punctuation("contiguous"), pre_tokenizers.ByteLevel(),
                     pre_tokenizers.Digits(), pre_tokenizers.Split("[0-9][0-9][0-9]", "isolated")]))
    t.add_tokens([AddedToken("mask", single_word=True, normalized=True), AddedToken("<added>", rstrip=True)])
    t.post_processor = processors.RobertaProcessing(("<|im_end|>", 2), ("<|im_start|>", 1))
    tiny["falcon-like"] = t
    tiny["clip-like"] = trained(
        models.BPE(end_of_word_suffix="</w>", unk_token="<|endoftext|>"),
        trainers.BpeTrainer(**(bpe | {"end_of_word_suffix": "</w>"})),
        normalizer=normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "),
                                         normalizers.Lowercase()]),
        pre_tokenizer=pre_tokenizers.Sequence(
            [pre_tokenizers.Split(Regex(r"<\|im_start\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"),
                                  "removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]),
        decoder=decoders.ByteLevel())
    tiny["char-bpe"] = trained(
        models.BPE(unk_token="<unk>", fuse_unk=True, continuing_subword_prefix="##"),
        trainers.BpeTrainer(vocab_size=700, special_tokens=["<unk>"], continuing_subword_prefix="##",
                            limit_alphabet=200, show_progress=False),
        normalizer=normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.Strip()]),
        pre_tokenizer=pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Punctuation()]),
        decoder=decoders.WordPiece(cleanup=False))
    tiny["suffix-bpe"] = trained(
        models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"),
        trainers.BpeTrainer(vocab_size=700, special_tokens=["<unk>", "<s>"], end_of_word_suffix="</w>",
                            limit_alphabet=300, show_progress=False),
        normalizer=normalizers.BertNormalizer(lowercase=True, strip_accents=False),
        pre_tokenizer=pre_tokenizers.BertPreTokenizer(), decoder=decoders.BPEDecoder())
    wordpiece = trained(
        models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=20),
        trainers.WordPieceTrainer(vocab_size=700, special_tokens=["[UNK]", "[CLS]", "[SEP]", "[MASK]"],
                                  limit_alphabet=300, show_progress=False),
        normalizer=normalizers.BertNormalizer(lowercase=False, strip_accents=None, handle_chinese_chars=True),
        pre_tokenizer=pre_tokenizers.BertPreTokenizer(), decoder=decoders.WordPiece())
    wordpiece.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    tiny["wordpiece"] = wordpiece
    tiny["wordlevel"] = trained(
        models.WordLevel(unk_token="<unk>"),
        trainers.WordLevelTrainer(vocab_size=500, special_tokens=["<unk>", "<s>"], show_progress=False),
        normalizer=normalizers.Sequence([normalizers.NFKD(), normalizers.Lowercase()]),
        pre_tokenizer=pre_tokenizers.Sequence(
            [pre_tokenizers.CharDelimiterSplit(" "), pre_tokenizers.Digits(individual_digits=True),
             pre_tokenizers.Split("-", "merged_with_next"), pre_tokenizers.Split(Regex(r"[,.!?]"), "merged_with_previous"),
             pre_tokenizers.FixedLength(6)]))
    model = train_sentencepiece("bpe", vocab_size=1200, model_type="bpe", character_coverage=0.98, byte_fallback=True,
                                normalization_rule_name="identity", remove_extra_whitespaces=False)
    pieces, _, _ = sentencepiece_pieces(model)
    types = [2 if p == "<unk>" else 3 if p in ("<s>", "</s>") else 6 if p.startswith("<0x") else 1 for p, _ in pieces]
    meta = {"tokens": [p for p, _ in pieces], "scores": [s for _, s in pieces], "token_type": types}
    tiny["spm"] = scored(meta)
    t = scored(meta)
    t.normalizer = None
    t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    tiny["spm-metaspace"] = t
    OUT.mkdir(parents=True, exist_ok=True)
    for name, tokenizer in tiny.items():
        text = json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False, separators=(",", ":"))
        (OUT / f"tiny-{name}.json").write_text(text)


def golden(name, tokenizer, texts):
    tokenizer.no_truncation()
    tokenizer.no_padding()
    lines = []
    for start in range(0, NUM_TEXTS, 100):
        all_ids, all_text, each = 0xCBF29CE484222325, 0xCBF29CE484222325, ""
        for text in texts[start:start + 100]:
            ids = tokenizer.encode(text).ids
            data = struct.pack("<%di" % (len(ids) + 1), *ids, -1)
            all_ids = fnv(data, all_ids)
            all_text = fnv(tokenizer.decode(ids).encode() + b"\xff", all_text)
            each += "%04x" % (fnv(data) & 0xFFFF)
        lines.append("%016x %016x %s\n" % (all_ids, all_text, each))
    (OUT / f"{name}.txt").write_text("".join(lines))
    print(name, "done", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=pathlib.Path, default=pathlib.Path.home() / ".atelier/models")
    parser.add_argument("--shared", type=pathlib.Path, default=ROOT.parent / "shared")
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--show", type=int, help="print a text and its ids instead")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    if args.train:
        train_tiny()
    vocabularies = dict(shared_vocabularies(args.shared, args.models))
    for path in sorted(OUT.glob("tiny-*.json")):
        vocabularies[path.stem] = lambda path=path: Tokenizer.from_file(str(path))
    if args.show is not None:
        text = random_text(args.show)
        for name in args.names:
            encoding = (tokenizer := vocabularies[name]()) and tokenizer.encode(text)
            print(repr(text), encoding.ids, encoding.tokens, repr(tokenizer.decode(encoding.ids)), sep="\n")
        return
    texts = [random_text(i) for i in range(NUM_TEXTS)]
    for name, make in vocabularies.items():
        if not args.names or name in args.names:
            golden(name, make(), texts)


if __name__ == "__main__":
    main()
