#include "base/io/seal.h"

#include <gtest/gtest.h>

namespace atelier {
namespace {

TEST(Sealer, OpensWhatItSealed) {
  const Sealer sealer;
  for (const std::string& text :
       {std::string(), std::string("a"), std::string(100'000, 'x'), std::string("\0\xff", 2)}) {
    const std::string sealed = sealer.Seal(text, "state");
    EXPECT_EQ(*sealer.Open(sealed, "state"), text);
    EXPECT_NE(sealer.Seal(text, "state"), sealed);
  }
}

TEST(Sealer, RefusesWhatWasChangedInAnyPlace) {
  const Sealer sealer;
  const std::string sealed = sealer.Seal("approve: no", "state");
  for (size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(sealer.Open(changed, "state")) << i;
    EXPECT_FALSE(sealer.Open(std::string_view(sealed).substr(0, i), "state")) << i;
  }
  EXPECT_FALSE(sealer.Open(sealed + "-TAMPERED", "state"));
  EXPECT_FALSE(sealer.Open(sealed, "cursor"));
  EXPECT_FALSE(Sealer().Open(sealed, "state"));
}

TEST(Base64Url, IsThatOfTheStandard) {
  EXPECT_EQ(Base64UrlEncode("\xfb\xef\xff"), "--__");
  EXPECT_EQ(Base64UrlEncode("f"), "Zg");
  EXPECT_EQ(Base64UrlEncode("fo"), "Zm8");
  EXPECT_EQ(*Base64UrlDecode("Zm9vYg"), "foob");
  EXPECT_EQ(*Base64UrlDecode(""), "");
  for (const char* bad : {"Zg==", "Z", "Zh", "Z g", "Zm8+"}) EXPECT_FALSE(Base64UrlDecode(bad)) << bad;
}

// RFC 7636, appendix B.
TEST(Base64Url, MakesTheChallengeOfAVerifier) {
  EXPECT_EQ(Base64UrlEncode(Sha256Bytes("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

TEST(RandomHex, IsAsLongAsAskedAndNeverTheSame) {
  EXPECT_EQ(RandomHex(16).size(), 32u);
  EXPECT_NE(RandomHex(16), RandomHex(16));
}

}  // namespace
}  // namespace atelier
