#include "base/text/utf8.h"

#include <gtest/gtest.h>

namespace atelier {
namespace {

TEST(Utf8, EveryCodePointRoundTrips) {
  for (char32_t value = 0; value <= 0x10FFFF; ++value) {
    if (value >= 0xD800 && value <= 0xDFFF) continue;
    const std::string text = EncodeUtf8(value);
    const DecodedCodePoint point = DecodeUtf8(text, 0);
    ASSERT_EQ(point.value, value);
    ASSERT_EQ(static_cast<size_t>(point.num_bytes), text.size());
    ASSERT_TRUE(IsValidUtf8(text));
  }
  EXPECT_EQ(EncodeUtf8(0xD800), "\xEF\xBF\xBD");
}

TEST(Utf8, RefusesOverlongSurrogatesAndTooLarge) {
  for (const char* bad :
       {"\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xFF", "\x80"}) {
    EXPECT_EQ(ValidUtf8Prefix(std::string("12345678abc") + bad), 11u) << bad;
  }
}

TEST(Utf8, ReplacesMaximalSubparts) {
  EXPECT_EQ(ReplaceInvalidUtf8("a\xF1\x80\x80\xE1\x80\xC2"
                               "b\x80"
                               "c\x80\xBF"
                               "d"),
            "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
            "b\xEF\xBF\xBD"
            "c\xEF\xBF\xBD\xEF\xBF\xBD"
            "d");
}

TEST(Utf8, TailIsWhatBeginsACharacterWithoutFinishing) {
  EXPECT_EQ(IncompleteUtf8Tail("abc"), 0u);
  EXPECT_EQ(IncompleteUtf8Tail("a\xF0\x9F\x98"), 3u);
  EXPECT_EQ(IncompleteUtf8Tail("a\xF0\x9F"), 2u);
  EXPECT_EQ(IncompleteUtf8Tail("a\xC3"), 1u);
  EXPECT_EQ(IncompleteUtf8Tail("a\xC3\xA9"), 0u);
  EXPECT_EQ(IncompleteUtf8Tail("a\x80\x80"), 0u);
  EXPECT_EQ(IncompleteUtf8Tail("a\xE0\x80"), 0u);  // can never become valid: nothing to wait for
  EXPECT_EQ(IncompleteUtf8Tail(""), 0u);
}

TEST(Utf8, CountsAndFindsCodePoints) {
  EXPECT_EQ(CountCodePoints("a\xC3\xA9\xF0\x9F\x98\x80\xFF"), 4u);
  EXPECT_EQ(CodePointOffset("a\xC3\xA9z", 2), 3u);
  EXPECT_EQ(CodePointOffset("a", 9), 1u);
}

}  // namespace
}  // namespace atelier
