// URI references [RFC 3986], as far as schemas need them: which document a reference names.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace atelier {

// What stands before the first '#', and what follows it; nothing where there is no '#'.
struct UriAndFragment {
  std::string_view uri;
  std::optional<std::string_view> fragment;
};
UriAndFragment SplitFragment(std::string_view reference);

// The URI that `reference` names when read in a document whose URI is `base` [section 5.2]; no fragment. An empty or
// relative base is taken as it is, so that "a/b" read in "c/d" is "c/a/b".
std::string ResolveUri(std::string_view base, std::string_view reference);

// "a%20b" is "a b". Nothing where a '%' is not followed by two hexadecimal digits, or the result is not UTF-8.
std::optional<std::string> DecodeUriFragment(std::string_view text);

}  // namespace atelier
