#include "knowledge/index/text/term_dictionary.h"

#include <algorithm>

#include "base/check.h"
#include "knowledge/index/text/segment_format.h"

namespace atelier {

namespace {

struct TermEntry {
  uint64_t shared = 0, size = 0, postings_size = 0;
  const char* bytes = nullptr;
};

bool ReadEntry(const uint8_t*& at, const uint8_t* end, TermEntry& entry) {
  // Nearly always three bytes below 128.
  if (end - at >= 3 && (at[0] | at[1] | at[2]) < 0x80) {
    entry.shared = at[0];
    entry.size = at[1];
    entry.postings_size = at[2];
    at += 3;
  } else if (!ReadVarint(at, end, entry.shared) || !ReadVarint(at, end, entry.size) ||
             !ReadVarint(at, end, entry.postings_size)) {
    return false;
  }
  if (entry.size > static_cast<size_t>(end - at)) return false;
  entry.bytes = reinterpret_cast<const char*>(at);
  at += entry.size;
  return true;
}

std::string_view FirstTerm(const TermDictionary& dictionary, size_t block) {
  const uint8_t* at = dictionary.terms.data() + dictionary.term_offsets[block];
  TermEntry entry;
  if (!ReadEntry(at, dictionary.terms.data() + dictionary.term_offsets[block + 1], entry)) return {};
  return {entry.bytes, entry.size};
}

Result<void> CheckAscending(std::span<const uint64_t> offsets, size_t size, const char* what) {
  uint64_t last = 0;
  for (const uint64_t offset : offsets) {
    if (offset < last || offset > size) {
      return Error::Corrupt(what, "offsets: got " + std::to_string(offset) + " after " + std::to_string(last) +
                                      ", want them to ascend to at most " + std::to_string(size));
    }
    last = offset;
  }
  return {};
}

}  // namespace

Result<void> TermDictionary::Check() const {
  const size_t blocks = prefixes.size();
  if (blocks != (num_terms + kBlockTerms - 1) / kBlockTerms || term_offsets.size() != blocks + 1 ||
      postings_offsets.size() != blocks + 1) {
    return Error::Corrupt("dictionary",
                          "got " + std::to_string(blocks) + " blocks for " + std::to_string(num_terms) + " terms");
  }
  TRY_VOID(CheckAscending(term_offsets, terms.size(), "dictionary"));
  return CheckAscending(postings_offsets, postings.size(), "postings");
}

size_t TermDictionary::BlockFor(std::string_view term) const {
  const uint64_t prefix = PrefixOf(term);
  const uint64_t* base = prefixes.data();
  size_t count = prefixes.size();  // the answer + 1 is the number of blocks whose first term is at most `term`
  while (count > 0) {
    const size_t half = count / 2;
    const bool right = base[half] < prefix;
    base = right ? base + half + 1 : base;
    count = right ? count - half - 1 : half;
  }
  size_t after = static_cast<size_t>(base - prefixes.data());
  while (after < prefixes.size() && prefixes[after] == prefix && FirstTerm(*this, after) <= term) ++after;
  return after == 0 ? 0 : after - 1;
}

std::span<const uint8_t> TermDictionary::Find(std::string_view term) const {
  if (prefixes.empty()) return {};
  const size_t block = BlockFor(term);
  const uint8_t* at = terms.data() + term_offsets[block];
  const uint8_t* const end = terms.data() + term_offsets[block + 1];
  uint64_t postings_at = postings_offsets[block];
  size_t matched = 0;  // bytes that the entry before and `term` share
  TermEntry entry;
  for (uint32_t i = 0; i < kBlockTerms && at < end && ReadEntry(at, end, entry);
       ++i, postings_at += entry.postings_size) {
    if (postings_at > postings.size() || entry.postings_size > postings.size() - postings_at) return {};
    if (entry.shared > matched) continue;   // as the one before: too small
    if (entry.shared < matched) return {};  // it parts from the one before where that still agreed: too large
    const std::string_view rest = term.substr(matched);
    size_t same = 0;
    while (same < entry.size && same < rest.size() && entry.bytes[same] == rest[same]) ++same;
    matched += same;
    if (same == rest.size()) {
      if (same == entry.size) return postings.subspan(postings_at, entry.postings_size);
      return {};
    }
    if (same<entry.size&& static_cast<uint8_t>(entry.bytes[same])> static_cast<uint8_t>(rest[same])) return {};
  }
  return {};
}

bool TermCursor::StartBlock(size_t block) {
  if (block >= dictionary_->prefixes.size()) return false;
  block_ = block;
  num_left_ = std::min(dictionary_->num_terms - static_cast<uint32_t>(block) * kBlockTerms, kBlockTerms);
  at_ = dictionary_->terms.data() + dictionary_->term_offsets[block];
  end_ = dictionary_->terms.data() + dictionary_->term_offsets[block + 1];
  postings_at_ = dictionary_->postings_offsets[block];
  term_.clear();
  return true;
}

bool TermCursor::Next() {
  if (num_left_ == 0 && !StartBlock(started_ ? block_ + 1 : 0)) return false;
  started_ = true;
  --num_left_;
  TermEntry entry;
  if (!ReadEntry(at_, end_, entry) || entry.shared > term_.size() || postings_at_ > dictionary_->postings.size() ||
      entry.postings_size > dictionary_->postings.size() - postings_at_) {
    num_left_ = 0;
    block_ = dictionary_->prefixes.size();  // damaged: the walk ends
    return false;
  }
  shared_ = entry.shared;
  term_.resize(entry.shared);
  term_.append(entry.bytes, entry.size);
  postings_ = dictionary_->postings.subspan(postings_at_, entry.postings_size);
  postings_at_ += entry.postings_size;
  return true;
}

bool TermCursor::Seek(std::string_view term) {
  if (dictionary_->prefixes.empty()) return false;
  started_ = true;
  if (!StartBlock(dictionary_->BlockFor(term))) return false;
  while (Next()) {
    if (term_ >= term) {
      shared_ = 0;
      return true;
    }
  }
  return false;
}

void TermDictionaryWriter::Add(std::string_view term, uint64_t postings_offset, uint64_t postings_size) {
  CHECK(num_terms == 0 || last_ < term);
  const auto append_u64 = [](std::string& out, uint64_t value) {
    out.append(reinterpret_cast<const char*>(&value), 8);
  };
  size_t shared = 0;
  if (num_terms % kBlockTerms == 0) {
    append_u64(prefixes, PrefixOf(term));
    append_u64(term_offsets, terms.size());
    append_u64(postings_offsets, postings_offset);
  } else {
    while (shared < last_.size() && shared < term.size() && last_[shared] == term[shared]) ++shared;
  }
  AppendVarint(terms, shared);
  AppendVarint(terms, term.size() - shared);
  AppendVarint(terms, postings_size);
  terms += term.substr(shared);
  last_.assign(term);
  ++num_terms;
}

void TermDictionaryWriter::Finish(uint64_t postings_size) {
  const uint64_t terms_size = terms.size();
  term_offsets.append(reinterpret_cast<const char*>(&terms_size), 8);
  postings_offsets.append(reinterpret_cast<const char*>(&postings_size), 8);
}

}  // namespace atelier
