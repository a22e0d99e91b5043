#include "base/object_id.h"

#include <random>

#include "base/random.h"

namespace atelier {

std::string NewObjectId(std::string_view prefix) {
  static constexpr std::string_view kLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::random_device device;
  const auto bits = [&] { return (uint64_t{device()} << 32) | device(); };
  const uint64_t seed = bits();
  Random random(seed, bits());
  std::string id(prefix);
  for (int i = 0; i < 24; ++i) id += kLetters[random.Below(kLetters.size())];
  return id;
}

}  // namespace atelier
