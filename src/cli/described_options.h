// Command options for the fields of a described struct (base/text/describe.h): "top_p" becomes --top-p, with the
// field's sentence and bounds as help. What was given is read by the same reader as an HTTP body, so that the command
// line and the API take and refuse the same.
#pragma once

#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/text/describe.h"
#include "base/text/json.h"
#include "cli/command.h"

namespace atelier {

class DescribedOptions {
 public:
  // `defaults` is an object that the fields are of, with the values that help shows as defaults; it is used up.
  // `leave_out` names keys that the command sees to itself. Fields
  // that are ignored, unsupported or no scalars, lists of scalars or maps of numbers have no option.
  DescribedOptions(Fields fields, void* defaults, const std::set<std::string_view>& leave_out);

  void Declare(Options& options);
  // An object with what was given; numbers that are none stay texts, for the reader to refuse.
  Json Given() const;

  // The fields' keys, in their order.
  std::vector<std::string> keys() const;
  // The JSON value that `text` stands for in the field `key` ("off" removes it: null).   Error: NotFound names the
  // nearest key.
  Result<Json> Read(std::string_view key, std::string_view text) const;

 private:
  enum class Kind { kFlag, kNumber, kText, kTexts, kNumbers, kPairs };
  friend class KindFinder;
  struct Entry {
    const Field* field = nullptr;
    Kind kind = Kind::kText;
    std::string default_text;    // for help
    bool on_by_default = false;  // of a flag: the option is --no-KEY
    // What the command line gave.
    bool flag = false;
    std::string text;
    std::vector<std::string> texts;
  };
  static Json ValueOf(const Entry& entry, std::string_view text);
  static Json ValueOf(const Entry& entry, const std::vector<std::string>& texts);
  static void DeclareOne(Options& options, Entry& entry);

  std::deque<Entry> entries_;  // options keep addresses into it
};

}  // namespace atelier
