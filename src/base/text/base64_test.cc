#include "base/text/base64.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace atelier {
namespace {

TEST(Base64, GivesTheVectorsOfItsStandard) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
                                                         {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(Base64Encode(bytes), text);
    EXPECT_EQ(*Base64Decode(text), bytes);
  }
}

TEST(Base64, RandomBytesComeBack) {
  Random random(1);
  for (size_t size = 0; size < 200; ++size) {
    std::string bytes;
    for (size_t i = 0; i < size; ++i) bytes += static_cast<char>(random.Below(256));
    EXPECT_EQ(*Base64Decode(Base64Encode(bytes)), bytes);
  }
}

TEST(Base64, BadTextIsAnError) {
  for (const char* text : {"a", "ab==c", "Zm9$", "=a==", "Zg=a", "Zh=="}) EXPECT_FALSE(Base64Decode(text).ok()) << text;
}

}  // namespace
}  // namespace atelier
