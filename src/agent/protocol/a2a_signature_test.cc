#include "agent/protocol/a2a_signature.h"

#include <gtest/gtest.h>

#include "agent/protocol/a2a_card.h"
#include "base/io/seal.h"

namespace atelier {
namespace {

constexpr char kUrl[] = "https://agents.example.org/a2a/clerk";

Json SignedCard(const A2aSigner& signer) {
  A2aCardInfo info{.name = "clerk", .description = "Says what it was told.", .wants_key = true};
  info.skills = {{.id = "say", .name = "say", .description = "says", .tags = {"say"}}};
  return A2aCard(info, kUrl, [&](const Json& card) { return signer.Sign(card); });
}

TEST(A2aSignatures, CoverWhatVersion1ReadsOfACard) {
  const A2aSigner signer(SigningKey::Make(), "");
  const Json card = SignedCard(signer);
  ASSERT_TRUE(card.Has("url"));
  const Json verified = VerifiedA2aCard(card, signer.PublicKeys()).value();
  EXPECT_EQ(verified["name"], Json("clerk"));
  EXPECT_EQ(verified["supportedInterfaces"][0]["url"], Json(kUrl));
  EXPECT_FALSE(verified.Has("url"));  // 0.3's: not covered
}

TEST(A2aSignatures, AreWorthNothingWhereTheCardOrTheKeyIsAnother) {
  const A2aSigner signer(SigningKey::Make(), ""), other(SigningKey::Make(), "");
  const Json card = SignedCard(signer), keys = signer.PublicKeys();
  EXPECT_FALSE(VerifiedA2aCard(card, other.PublicKeys()).ok());
  EXPECT_FALSE(VerifiedA2aCard(card, Json()).ok());
  Json changed = card;
  changed.Find("supportedInterfaces")->items()[0].Set("url", "https://evil.example.org");
  EXPECT_FALSE(VerifiedA2aCard(changed, keys).ok());
  Json bare = card;
  bare.Erase("signatures");
  EXPECT_FALSE(VerifiedA2aCard(bare, keys).ok());
  Json unsigned_by_name = card;
  Json none = Json::Object({{"protected", Base64UrlEncode(R"({"alg":"none"})")}, {"signature", ""}});
  unsigned_by_name.Set("signatures", Json::Array({none}));
  EXPECT_FALSE(VerifiedA2aCard(unsigned_by_name, keys).ok());
}

TEST(A2aSignatures, OneOfSeveralIsEnoughSoThatKeysCanChange) {
  const A2aSigner old_key(SigningKey::Make(), ""), new_key(SigningKey::Make(), "");
  Json card = SignedCard(new_key);
  Json signatures = Json::Array({old_key.Sign(SignedPartOfA2aCard(card)), card["signatures"][0]});
  card.Set("signatures", std::move(signatures));
  EXPECT_TRUE(VerifiedA2aCard(card, old_key.PublicKeys()).ok());
  EXPECT_TRUE(VerifiedA2aCard(card, new_key.PublicKeys()).ok());
}

}  // namespace
}  // namespace atelier
