// Writes what llama.cpp computes, for bench/accuracy_table.py, which builds this against the peer's own libraries.
//
//   peer_logits ids MODEL TEXT                          the ids of the text's tokens, one a line
//   peer_logits logits MODEL IDS PIECE CACHE THREADS    logits as f32 [V], of every token of every piece but its last
//
// Each piece is read from an empty cache of type CACHE (f16, q8_0) in batches of 512, the peer's default.
#include <llama.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

constexpr int kBatch = 512;

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "peer_logits: %s\n", what.c_str());
  std::exit(1);
}

llama_model* LoadModel(const char* path, bool vocabulary_only) {
  llama_log_set([](ggml_log_level, const char*, void*) {}, nullptr);
  llama_backend_init();
  llama_model_params params = llama_model_default_params();
  params.vocab_only = vocabulary_only;
  llama_model* model = llama_model_load_from_file(path, params);
  if (model == nullptr) Fail(std::string(path) + ": llama.cpp cannot load it");
  return model;
}

void PrintIds(const llama_model* model, const char* text_path) {
  std::ifstream file(text_path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  std::vector<llama_token> ids(text.size() + 16);
  const int count = llama_tokenize(llama_model_get_vocab(model), text.data(), static_cast<int>(text.size()), ids.data(),
                                   static_cast<int>(ids.size()), false, false);
  for (int i = 0; i < count; ++i) std::printf("%d\n", ids[static_cast<size_t>(i)]);
}

llama_context* MakeContext(llama_model* model, int piece, const std::string& cache, int threads) {
  llama_context_params params = llama_context_default_params();
  params.n_ctx = static_cast<uint32_t>(piece);
  params.n_batch = params.n_ubatch = kBatch;
  params.n_threads = params.n_threads_batch = threads;
  params.type_k = params.type_v = cache == "q8_0" ? GGML_TYPE_Q8_0 : GGML_TYPE_F16;
  if (cache == "q8_0") params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_ENABLED;  // quantised values want it
  llama_context* context = llama_init_from_model(model, params);
  if (context == nullptr) Fail("llama.cpp makes no context with a cache of " + cache);
  return context;
}

void WritePiece(llama_context* context, const llama_token* ids, int count, int vocabulary) {
  llama_memory_clear(llama_get_memory(context), true);
  llama_batch batch = llama_batch_init(kBatch, 0, 1);
  for (int begin = 0; begin < count; begin += kBatch) {
    batch.n_tokens = std::min(kBatch, count - begin);
    for (int i = 0; i < batch.n_tokens; ++i) {
      batch.token[i] = ids[begin + i];
      batch.pos[i] = begin + i;
      batch.n_seq_id[i] = 1;
      batch.seq_id[i][0] = 0;
      batch.logits[i] = 1;
    }
    if (llama_decode(context, batch) != 0) Fail("llama_decode failed");
    const auto size = static_cast<size_t>(batch.n_tokens) * static_cast<size_t>(vocabulary);
    if (std::fwrite(llama_get_logits(context), sizeof(float), size, stdout) != size) Fail("nobody reads the logits");
  }
  llama_batch_free(batch);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv, argv + argc);
  if (argc == 4 && args[1] == "ids") {
    PrintIds(LoadModel(argv[2], true), argv[3]);
  } else if (argc == 7 && args[1] == "logits") {
    std::ifstream file(args[3]);
    const std::vector<llama_token> ids{std::istream_iterator<llama_token>(file), {}};
    llama_model* model = LoadModel(argv[2], false);
    const int piece = std::atoi(argv[4]);
    llama_context* context = MakeContext(model, piece, args[5], std::atoi(argv[6]));
    const int vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model));
    for (size_t at = 0; at + static_cast<size_t>(piece) <= ids.size(); at += static_cast<size_t>(piece)) {
      WritePiece(context, ids.data() + at, piece - 1, vocabulary);
    }
    std::fflush(stdout);
  } else {
    Fail("want: ids MODEL TEXT | logits MODEL IDS PIECE CACHE THREADS");
  }
}
