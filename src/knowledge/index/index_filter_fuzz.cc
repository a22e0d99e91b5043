// A filter as a client sends it: read, written again, keyed, evaluated. The first byte cuts off a glob pattern.
#include <cstdint>

#include "base/check.h"
#include "base/text/glob.h"
#include "knowledge/index/filter.h"
#include "knowledge/index/filter_match.h"
#include "knowledge/index/index_testing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace atelier;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) return 0;
  const size_t cut = std::min<size_t>(static_cast<unsigned char>(input[0]), 64);
  const std::string_view pattern = input.substr(1).substr(0, cut);
  const std::string_view rest = input.substr(std::min(input.size(), 1 + cut));
  const std::string prefix = GlobPrefix(pattern);
  if (GlobMatches(pattern, rest.substr(0, 256))) CHECK(rest.starts_with(prefix));
  const auto json = Json::Parse(input.substr(1));
  if (!json.ok()) return 0;
  const auto filter = ReadFilter(*json);
  if (!filter.ok()) return 0;
  const auto again = ReadFilter(WriteFilter(*filter));
  CHECK(again.ok() && FilterKey(*again) == FilterKey(*filter));
  static_cast<void>(FilterPasses(*filter, "r1", Json::Object({{"a", 1}, {"b", "x/y"}})));
  return 0;
}
