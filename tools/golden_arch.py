#!/usr/bin/env python3
"""Writes tests/golden/model_arch: what PyPI `transformers` computes, for src/model/arch/*_test.cc to compare with.

  tools/golden_arch.py tiny             random checkpoints of a few hundred kB, their GGUF forms and golden outputs
  tools/golden_arch.py real [MODELS]    golden outputs of the real models in MODELS (default ~/.atelier/models)

Needs torch, transformers, gguf, safetensors, tokenizers and onnxruntime. A checkpoint is not blind: norms and biases
are far from their defaults, and changing any one tensor must move the output (checked here for each tensor).
"""
import json
import os
import shutil
import sys

import gguf
import numpy as np
import torch
import transformers

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "tests", "golden", "model_arch")
ROWS = [0, 1, 5, 31, 32, 47, 63, 95]  # positions whose logits are kept; the sequences have 96 tokens
NUM_TOKENS = 96
NUM_GREEDY = 24

DECODER = dict(vocab_size=96, hidden_size=48, intermediate_size=56, num_hidden_layers=2, num_attention_heads=6,
               num_key_value_heads=2, head_dim=12, max_position_embeddings=128, rms_norm_eps=1e-5, bos_token_id=1,
               eos_token_id=2, pad_token_id=0, tie_word_embeddings=False)
BERT = dict(vocab_size=96, hidden_size=48, intermediate_size=80, num_hidden_layers=2, num_attention_heads=4,
            max_position_embeddings=64, type_vocab_size=2, layer_norm_eps=1e-12, hidden_act="gelu")


def rope(kind, theta=10000.0, **more):
    return dict(rope_theta=theta, rope_type=kind, **more)


# name -> (model class, configuration, keywords)
DECODERS = {
    "llama_bias": ("LlamaForCausalLM", dict(attention_bias=True, mlp_bias=True, rope_parameters=rope("default", 500.0)), {}),
    "llama_llama3": ("LlamaForCausalLM", dict(tie_word_embeddings=True, rope_parameters=rope(
        "llama3", 5000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=24)),
        dict(gguf=True)),
    "llama_linear": ("LlamaForCausalLM", dict(rope_parameters=rope("linear", 1000.0, factor=4.0)), dict(gguf=True)),
    "llama_yarn": ("LlamaForCausalLM", dict(rope_parameters=rope(
        "yarn", 10000.0, factor=4.0, original_max_position_embeddings=32)), dict(gguf=True)),
    "mistral": ("MistralForCausalLM", dict(sliding_window=None, rope_parameters=rope("default", 1000.0)), {}),
    "qwen2": ("Qwen2ForCausalLM", dict(tie_word_embeddings=True, rope_parameters=rope("default", 1000.0)), dict(gguf=True)),
    "qwen3": ("Qwen3ForCausalLM", dict(rope_parameters=rope("default", 1000.0), rms_norm_eps=1e-6), dict(gguf=True)),
}
ENCODERS = {
    "bert_mean": ("BertModel", {}, dict(pooling="mean", normalise=True, gguf=True)),
    "bert_cls": ("BertModel", dict(hidden_act="gelu_new"), dict(pooling="cls", normalise=False)),
    "bert_cross": ("BertForSequenceClassification", dict(num_labels=3), dict(gguf=True)),
    "qwen3_embed": ("Qwen3Model", dict(DECODER, rope_parameters=rope("default", 1000.0)), dict(pooling="lasttoken", normalise=True)),
}


def seed_of(name):
    return sum(ord(c) * 31**i for i, c in enumerate(name)) % (1 << 31)


def config_of(model_class, base, extra):
    values = dict(base)
    values.update(extra)
    return model_class.config_class(**values)


def fill(model, name):
    """Random weights in which every part of the model matters."""
    g = torch.Generator().manual_seed(seed_of(name))
    with torch.no_grad():
        for key, p in model.named_parameters():
            is_norm = "norm" in key.lower()
            if is_norm and key.endswith("weight"):
                sign = torch.where(torch.rand(p.shape, generator=g) < 0.3, -1.0, 1.0)
                p.copy_((0.4 + 1.6 * torch.rand(p.shape, generator=g)) * sign)
            elif key.endswith("bias"):
                p.copy_(0.5 * torch.randn(p.shape, generator=g))
            elif "embed" in key:
                p.copy_(torch.randn(p.shape, generator=g))
            else:
                p.copy_(torch.randn(p.shape, generator=g) * (1.4 / p.shape[-1] ** 0.5))


def check_not_blind(model, run, name):
    """Every tensor, changed alone, moves the output by more than a hundredth of its standard deviation."""
    want = run()
    for key, p in model.named_parameters():
        if "pooler" in key and not hasattr(model, "classifier"):
            continue
        kept = p.detach().clone()
        with torch.no_grad():
            p.copy_(torch.ones_like(p) if key.endswith("norm.weight") else torch.zeros_like(p))
        moved = (run() - want).abs().max() / want.std()
        # Without rotation a bias of the keys adds the same to every score, and the softmax takes it out again.
        free = key.endswith("key.bias")
        assert free or not moved <= 0.01, f"{name}: {key} moves the output by {moved}"  # NaN has moved
        with torch.no_grad():
            p.copy_(kept)


def numbers(tensor):
    return [[float(f"{v:.9g}") for v in row] for row in tensor.double().tolist()]


def save(model, name):
    folder = os.path.join(OUT, name)
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder, safe_serialization=True)
    generation = os.path.join(folder, "generation_config.json")
    if os.path.exists(generation):
        os.remove(generation)
    return folder


def write_golden(name, golden):
    with open(os.path.join(OUT, name + ".golden.json"), "w") as f:
        json.dump(golden, f, separators=(",", ":"))
        f.write("\n")


def tokens_of(name, count, vocab):
    rng = np.random.default_rng(seed_of(name))
    return [int(t) for t in rng.integers(3, vocab, count)]


def make_decoder(name):
    class_name, extra, how = DECODERS[name]
    model_class = getattr(transformers, class_name)
    config = config_of(model_class, DECODER, extra)
    config._attn_implementation = "eager"
    model = model_class(config).float().eval()
    fill(model, name)
    tokens = tokens_of(name, NUM_TOKENS, config.vocab_size)

    def run():
        with torch.no_grad():
            return model(torch.tensor([tokens])).logits[0]

    logits = run()
    scale = max(1.0, float(2.0 / logits.std()))
    with torch.no_grad():  # the last norm sets the size of the logits
        model.model.norm.weight.mul_(scale)
    check_not_blind(model, run, name)
    logits = run()
    assert logits.std() >= 1, logits.std()
    greedy, gap, sequence = [], 1e9, list(tokens[:16])
    with torch.no_grad():
        for _ in range(NUM_GREEDY):
            last = model(torch.tensor([sequence])).logits[0, -1]
            top = last.topk(2).values
            gap = min(gap, float(top[0] - top[1]))
            greedy.append(int(last.argmax()))
            sequence.append(greedy[-1])
    assert gap > 1e-3, f"{name}: greedy tokens hang on {gap}"
    folder = save(model, name)
    write_golden(name, dict(tokens=tokens, rows=ROWS, logits=numbers(logits[ROWS]), std=float(logits.std()),
                            prompt=tokens[:16], greedy=greedy))
    if how.get("gguf"):
        write_gguf(name, model)
    print(f"{name}: logits std {logits.std():.2f}, smallest gap {gap:.3f}, "
          f"{os.path.getsize(os.path.join(folder, 'model.safetensors'))} bytes")


def pool(states, kind, normalise):
    vector = states.mean(0) if kind == "mean" else states[0] if kind == "cls" else states[-1]
    return vector / vector.norm() if normalise else vector


def write_pooling(folder, how):
    os.makedirs(os.path.join(folder, "1_Pooling"))
    flags = {"mean": "pooling_mode_mean_tokens", "cls": "pooling_mode_cls_token", "lasttoken": "pooling_mode_lasttoken"}
    with open(os.path.join(folder, "1_Pooling", "config.json"), "w") as f:
        json.dump({flag: kind == how["pooling"] for kind, flag in flags.items()}, f)
    modules = ["Transformer", "Pooling"] + (["Normalize"] if how["normalise"] else [])
    with open(os.path.join(folder, "modules.json"), "w") as f:
        json.dump([{"idx": i, "type": "sentence_transformers.models." + m} for i, m in enumerate(modules)], f)


def make_encoder(name):
    class_name, extra, how = ENCODERS[name]
    model_class = getattr(transformers, class_name)
    config = config_of(model_class, {} if "Qwen" in class_name else BERT, extra)
    config._attn_implementation = "eager"
    model = model_class(config).float().eval()
    fill(model, name)
    lengths = [1, 7, 40, 64 if "bert" in name else 80]
    sequences = [tokens_of(name + str(n), n, config.vocab_size) for n in lengths]
    types = [[0 if i < n // 2 else 1 for i in range(n)] for n in lengths]
    takes_types = "bert" in name

    def run():
        rows = []
        with torch.no_grad():
            for tokens, kinds in zip(sequences, types):
                more = dict(token_type_ids=torch.tensor([kinds])) if takes_types else {}
                out = model(torch.tensor([tokens]), **more)
                rows.append(out.logits[0] if "pooling" not in how else
                            pool(out.last_hidden_state[0], how["pooling"], how["normalise"]))
        return torch.stack(rows)

    if hasattr(model, "classifier"):
        with torch.no_grad():
            model.classifier.weight.mul_(max(1.0, float(2.0 / run().std())))
    check_not_blind(model, run, name)
    result = run()
    folder = save(model, name)
    if "pooling" in how:
        write_pooling(folder, how)
    golden = dict(sequences=sequences, vectors=numbers(result), std=float(result.std()))
    if takes_types:
        golden["token_types"] = types
    write_golden(name, golden)
    if how.get("gguf"):
        write_gguf(name, model, how)
    print(f"{name}: std {result.std():.2f}, {os.path.getsize(os.path.join(folder, 'model.safetensors'))} bytes")


def permute(weight, heads):
    """Rows half a head apart become neighbours: llama's order in GGUF."""
    rows = weight.shape[0]
    return weight.reshape(heads, 2, rows // heads // 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def decoder_gguf_names(config):
    names = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
    parts = {"input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
             "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm",
             "self_attn.k_norm": "attn_k_norm", "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate",
             "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}
    for i in range(config.num_hidden_layers):
        names.update({f"model.layers.{i}.{a}": f"blk.{i}.{b}" for a, b in parts.items()})
    return names


def bert_gguf_names(config):
    names = {"embeddings.word_embeddings": "token_embd", "embeddings.position_embeddings": "position_embd",
             "embeddings.token_type_embeddings": "token_types", "embeddings.LayerNorm": "token_embd_norm",
             "pooler.dense": "cls", "classifier": "cls.output"}
    parts = {"attention.self.query": "attn_q", "attention.self.key": "attn_k", "attention.self.value": "attn_v",
             "attention.output.dense": "attn_output", "attention.output.LayerNorm": "attn_output_norm",
             "intermediate.dense": "ffn_up", "output.dense": "ffn_down", "output.LayerNorm": "layer_output_norm"}
    for i in range(config.num_hidden_layers):
        names.update({f"encoder.layer.{i}.{a}": f"blk.{i}.{b}" for a, b in parts.items()})
    return names


def llama3_divisors(config, dims):
    """By how much llama3's scaling divides each frequency: what GGUF keeps in rope_freqs.weight."""
    p = config.rope_parameters
    plain = 1.0 / p["rope_theta"] ** (torch.arange(0, dims, 2).double() / dims)
    scaled = transformers.modeling_rope_utils.ROPE_INIT_FUNCTIONS["llama3"](config, torch.device("cpu"))[0].double()
    return (plain / scaled).float().numpy()


def write_rope(writer, config):
    p = config.rope_parameters
    writer.add_rope_freq_base(p["rope_theta"])
    writer.add_rope_dimension_count(config.head_dim if getattr(config, "head_dim", None) else
                                    config.hidden_size // config.num_attention_heads)
    if p["rope_type"] == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(p["factor"])
    if p["rope_type"] == "yarn":
        writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
        writer.add_rope_scaling_factor(p["factor"])
        writer.add_rope_scaling_orig_ctx_len(p["original_max_position_embeddings"])
    if p["rope_type"] == "llama3":
        writer.add_tensor("rope_freqs.weight", llama3_divisors(config, config.head_dim))


def write_gguf(name, model, how=None):
    config = model.config
    arch = config.model_type
    writer = gguf.GGUFWriter(os.path.join(OUT, name + ".gguf"), arch)
    writer.add_name(name)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    if arch == "bert":
        writer.add_layer_norm_eps(config.layer_norm_eps)
        writer.add_causal_attention(False)
        kinds = {"mean": gguf.PoolingType.MEAN, "cls": gguf.PoolingType.CLS, None: gguf.PoolingType.RANK}
        writer.add_pooling_type(kinds[how.get("pooling")])
        names = bert_gguf_names(config)
    else:
        writer.add_head_count_kv(config.num_key_value_heads)
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
        if getattr(config, "head_dim", None):
            writer.add_key_length(config.head_dim)
            writer.add_value_length(config.head_dim)
        write_rope(writer, config)
        names = decoder_gguf_names(config)
    for key, p in model.named_parameters():
        stem, kind = key.removeprefix("bert.").rsplit(".", 1)
        value = p.detach().numpy()
        if names[stem] == "cls" and not hasattr(model, "classifier"):
            continue
        if arch == "llama" and stem.endswith("q_proj"):
            value = permute(value, config.num_attention_heads)
        if arch == "llama" and stem.endswith("k_proj"):
            value = permute(value, config.num_key_value_heads)
        writer.add_tensor(f"{names[stem]}.{kind}", np.ascontiguousarray(value))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


SENTENCES = [
    "The quick brown fox jumps over the lazy dog.", "Hello, world!", "a",
    "Retrieval-augmented generation grounds answers in documents.",
    "Ein Atelier ist die Werkstatt einer Künstlerin.", "東京は日本の首都です。", "naïve café — déjà vu…",
    "def add(a, b):\n    return a + b", "What is the boiling point of water at 2,000 metres?",
    "The mitochondria is the powerhouse of the cell.", "1 + 1 = 2; 2 * 3 = 6", "word " * 200,
]


def make_smollm(models):
    folder = os.path.join(models, "smollm2-135m-instruct")
    file = "SmolLM2-135M-Instruct.Q4_1.gguf"
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32,
                                                              attn_implementation="eager").eval()
    tokens = tokens_of("smollm2", 40, 49152)
    rows = [0, 1, 7, 20, 39]
    with torch.no_grad():
        logits = model(torch.tensor([tokens])).logits[0]
    ids = sorted(set(range(0, 49152, 641)) | {int(t) for r in rows for t in logits[r].topk(8).indices})
    write_golden("smollm2", dict(tokens=tokens, rows=rows, ids=ids, logits=numbers(logits[rows][:, ids]),
                                 std=float(logits.std()), top=[int(logits[r].argmax()) for r in rows]))
    print("smollm2: std", float(logits.std()))


def encode(tokenizer_json):
    import tokenizers
    tokenizer = tokenizers.Tokenizer.from_file(tokenizer_json)
    tokenizer.no_padding()
    tokenizer.enable_truncation(512)
    return [tokenizer.encode(s).ids for s in SENTENCES]


def make_minilm(models):
    folder = os.path.join(models, "all-minilm-l6-v2")
    model = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    sequences = encode(os.path.join(folder, "tokenizer.json"))
    with torch.no_grad():
        rows = [pool(model(torch.tensor([ids])).last_hidden_state[0], "mean", True) for ids in sequences]
    write_golden("all-minilm-l6-v2", dict(sequences=sequences, vectors=numbers(torch.stack(rows))))
    print("all-minilm-l6-v2:", len(rows))


def make_bge(models):
    import onnxruntime
    folder = os.path.join(models, "bge-small-en-v1.5")
    session = onnxruntime.InferenceSession(os.path.join(folder, "bge-small-en-v1.5.onnx"))
    names = [i.name for i in session.get_inputs()]
    sequences = encode(os.path.join(folder, "bge-small-en-v1.5-tokenizer.json"))
    rows = []
    for ids in sequences:
        values = {"input_ids": ids, "attention_mask": [1] * len(ids), "token_type_ids": [0] * len(ids)}
        out = session.run(None, {n: np.array([values[n]], dtype=np.int64) for n in names})[0]
        rows.append(pool(torch.tensor(out[0]), "cls", True))
    write_golden("bge-small-en-v1.5", dict(sequences=sequences, vectors=numbers(torch.stack(rows))))
    print("bge-small-en-v1.5:", len(rows))


def main():
    os.makedirs(OUT, exist_ok=True)
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)
    if sys.argv[1:2] == ["tiny"]:
        for name in DECODERS:
            make_decoder(name)
        for name in ENCODERS:
            make_encoder(name)
    elif sys.argv[1:2] == ["real"]:
        models = sys.argv[2] if len(sys.argv) > 2 else os.path.expanduser("~/.atelier/models")
        make_smollm(models)
        make_minilm(models)
        make_bge(models)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
