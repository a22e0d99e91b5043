// A manifest with anything in it, and a body with anything in it behind a right checksum.
#include <cstdint>

#include "base/check.h"
#include "base/io/crc32c.h"
#include "knowledge/index/byte_codec.h"
#include "knowledge/index/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace atelier;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  static_cast<void>(ParseIndexManifest(input).ok());
  PackedWriter whole;
  whole.Raw("ATLMAN01");
  whole.Fixed(static_cast<uint32_t>(size));
  whole.Fixed(Crc32c(input));
  whole.Raw(input);
  const auto manifest = ParseIndexManifest(whole.bytes());
  if (manifest.ok()) CHECK(ParseIndexManifest(ManifestBytes(*manifest)).ok());
  return 0;
}
