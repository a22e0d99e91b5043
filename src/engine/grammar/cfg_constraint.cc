#include "engine/grammar/cfg_constraint.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "engine/grammar/cfg_closing.h"
#include "engine/grammar/cfg_machine.h"
#include "engine/grammar/cfg_masks.h"
#include "engine/grammar/cfg_tokens.h"
#include "engine/grammar/gbnf.h"
#include "engine/grammar/json_mask.h"
#include "engine/grammar/lark.h"
#include "engine/grammar/machine_constraint.h"
#include "engine/grammar/structural_tag.h"
#include "engine/grammar/text_masks.h"
#include "engine/grammar/token_bits.h"

namespace atelier {
namespace {

Result<int32_t> Read(const GrammarSpec& spec, Cfg& cfg) {
  if (spec.kind == GrammarSpec::Kind::kStructuralTag) return ReadStructuralTag(spec.schema, spec.style, cfg);
  return IsGbnf(spec.text) ? ReadGbnf(spec.text, cfg) : ReadLark(spec.text, spec.style, cfg);
}

struct SharedCfg : SharedMachine<CfgMachine> {
  // What is known of a document within the grammar.
  struct Document {
    Document(const GrammarVocabulary& vocabulary, JsonMachine& machine) : text_masks(vocabulary, machine) {
      const JsonThread start = machine.Start();
      const ByteSet first = machine.MayFollow({&start, 1});
      constexpr std::string_view kOpeners = "{[\"";
      for (size_t i = 0; i < kOpeners.size(); ++i) {
        if (first.count() == 1 && first.test(static_cast<uint8_t>(kOpeners[i]))) closer = i;
      }
    }
    TextMasks text_masks;
    std::optional<size_t> closer;  // index in kClosers of the byte that ends every value of it, where there is one
  };

  SharedCfg(std::shared_ptr<const GrammarVocabulary> words, std::unique_ptr<CfgMachine> reader)
      : SharedMachine(std::move(words), std::move(reader)),
        masks(*machine),
        tokens(vocabulary->trie, *machine),
        closing(*machine) {
    for (int32_t i = 0; i < machine->num_documents(); ++i) {
      documents.push_back(std::make_unique<Document>(*vocabulary, machine->document(i)));
    }
  }

  std::vector<std::unique_ptr<Document>> documents;
  CfgMasks masks;
  CfgTokens tokens;
  CfgClosing closing;
};

// Outside of JSON documents masks are kept by where the output stands (cfg_masks.h). Within one they are those of the
// document, and the few tokens that go past its end.
class CfgConstraint final : public MachineConstraint<CfgMachine> {
 public:
  explicit CfgConstraint(const std::shared_ptr<SharedCfg>& shared)
      : MachineConstraint(shared, shared->machine->Start()), cfg_(shared.get()) {}

 protected:
  void AddAllowed(std::span<uint64_t> bits) override;
  std::string TowardsEnd(const std::vector<CfgThread>& threads, std::string_view text) override {
    return cfg_->closing.Next(threads, text);
  }

 private:
  // The mask and the reader of one document, as this output reads it.
  struct InDocument {
    InDocument(const GrammarVocabulary& vocabulary, JsonMachine& machine, TextMasks& text_masks)
        : mask(vocabulary, machine, text_masks), reader(machine, {}) {}
    JsonMask mask;
    MachineReader<JsonMachine> reader;
    JsonThreads threads;
  };

  void AddOutside(std::span<uint64_t> bits);
  void AddDocument(int32_t document, std::span<const CfgThread> threads, std::span<uint64_t> bits);

  SharedCfg* cfg_;  // what is shared
  std::map<int32_t, InDocument> documents_;
  std::vector<CfgThread> outside_, others_;
};

void CfgConstraint::AddAllowed(std::span<uint64_t> bits) {
  outside_.clear(), others_.clear();
  std::map<int32_t, std::vector<CfgThread>> by_document;
  for (const CfgThread& thread : reader().threads()) {
    if (thread.language != CfgThread::kInJson) {
      outside_.push_back(thread);
    } else if (thread.json->phase != JsonPhase::kEnd && cfg_->documents[static_cast<size_t>(thread.document)]->closer) {
      by_document[thread.document].push_back(thread);
    } else {
      others_.push_back(thread);
    }
  }
  if (!outside_.empty()) cfg_->masks.Add(outside_, bits, [&](std::span<uint64_t> made) { AddOutside(made); });
  for (const auto& [document, threads] : by_document) AddDocument(document, threads, bits);
  if (!others_.empty()) Walk(others_, bits);
}

void CfgConstraint::AddOutside(std::span<uint64_t> bits) {
  const auto found = [&](int32_t token) { SetTokenBit(bits, token); };
  const auto add_document = [&](const CfgThread& start, uint8_t byte, int32_t node) {
    const char first = static_cast<char>(byte);
    reader().WalkPath({&start, 1}, trie(), node, {&first, 1}, found);
  };
  if (!cfg_->tokens.Add(outside_, bits, add_document)) Walk(outside_, bits);
}

void CfgConstraint::AddDocument(int32_t document, std::span<const CfgThread> threads, std::span<uint64_t> bits) {
  SharedCfg::Document& shared = *cfg_->documents[static_cast<size_t>(document)];
  InDocument& own =
      documents_.try_emplace(document, vocabulary(), machine().document(document), shared.text_masks).first->second;
  own.reader.Follow(reader().text());
  own.threads.clear();
  bool in_text = true;
  for (const CfgThread& thread : threads) {
    // A document that two places of the grammar wait for is read once.
    if (std::ranges::find(own.threads, *thread.json) == own.threads.end()) own.threads.push_back(*thread.json);
    in_text &= JsonMask::InText(*thread.json);
  }
  own.mask.Add(own.reader, own.threads, bits);
  const auto& past = in_text ? vocabulary().past_string : vocabulary().past;
  reader().Walk(threads, *past[*shared.closer], [&](int32_t token) { SetTokenBit(bits, token); });
}

class CfgGrammar final : public Grammar {
 public:
  explicit CfgGrammar(std::shared_ptr<SharedCfg> shared) : shared_(std::move(shared)) {}
  std::unique_ptr<Constraint> Start() const override { return std::make_unique<CfgConstraint>(shared_); }

 private:
  std::shared_ptr<SharedCfg> shared_;
};

}  // namespace

bool IsGbnf(std::string_view text) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    line = line.substr(0, std::min(line.find('#'), line.find("//")));
    if (line.find("::=") != line.npos) return true;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return false;
}

Result<std::shared_ptr<const Grammar>> CompileCfg(const GrammarSpec& spec,
                                                  std::shared_ptr<const GrammarVocabulary> vocabulary) {
  Cfg cfg(&vocabulary->trie);
  auto root = Read(spec, cfg);
  if (!root.ok()) return std::move(root).error();
  auto machine = CfgMachine::Create(std::move(cfg), *root);
  if (!machine.ok()) return std::move(machine).error();
  return std::make_shared<const CfgGrammar>(std::make_shared<SharedCfg>(std::move(vocabulary), std::move(*machine)));
}

}  // namespace atelier
