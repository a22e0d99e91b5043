// The responses of an IMAP server as values.   [RFC 3501, RFC 9051, "Formal Syntax"]
//
// A server is not trusted: bytes and values of all responses to a command, lines, literals and depth are bounded. A
// value takes up to a hundred times the bytes of the server's that make it, so they are counted by themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace atelier {

// An atom, number or string (`text`), NIL, or a list.
struct ImapValue {
  bool is_list = false;
  bool is_nil = false;
  std::string text;
  std::vector<ImapValue> items;
};

// An untagged response: "* 12 FETCH (…)", "* SEARCH 1 2".
struct ImapResponse {
  std::vector<ImapValue> values;
  // The value after the item of that name in the list of a FETCH; null: there is none.
  const ImapValue* Item(std::string_view name) const;
};

class ImapReader {
 public:
  // Gives at least one byte, or 0 at the end of the stream.
  using Source = std::function<Result<size_t>(char* bytes, size_t size)>;

  // `where` names the server in errors.
  ImapReader(std::string where, Source source) : where_(std::move(where)), source_(std::move(source)) {}

  // What is read from here on is counted anew.
  void BeginCommand() { taken_bytes_ = num_values_ = 0; }
  // A line with its literals, parsed; its first value is there. Errors: kCorrupt, a response that is none; kTooLarge;
  // kUnavailable, the stream ended.
  Result<ImapResponse> Read();
  // Whether bytes behind the last response have been taken already.
  bool has_more() const { return !buffer_.empty(); }

 private:
  Result<void> Take();
  Result<void> CountValue();
  Result<std::string> ReadLine();
  Result<std::string> ReadBytes(size_t size);
  Result<void> Parse(std::string& line, size_t& at, std::vector<ImapValue>& values, int depth);
  void ParseAtom(std::string_view line, size_t& at, ImapValue& value);
  Result<void> ParseString(std::string& line, size_t& at, ImapValue& value);
  Error Odd(std::string what) const { return Error::Corrupt(where_, std::move(what)); }

  const std::string where_;
  const Source source_;
  std::string buffer_;
  int64_t taken_bytes_ = 0, num_values_ = 0;  // of the command under way
};

}  // namespace atelier
