#include "knowledge/claim_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace atelier {
namespace {

using testing::ElementsAre;

TEST(ClaimReader, MarksBelongToTheSentenceTheyFollow) {
  EXPECT_THAT(ReadClaims("Blocks hold 16 positions. [2] They are paged [1, 3]. Nothing more."),
              ElementsAre(WrittenClaim{"Blocks hold 16 positions.", {2}}, WrittenClaim{"They are paged.", {1, 3}},
                          WrittenClaim{"Nothing more.", {}}));
  EXPECT_THAT(ReadClaims("[1] First, a[0] is read [x]. It ends.[1][1]"),
              ElementsAre(WrittenClaim{"First, a is read [x].", {1, 0}}, WrittenClaim{"It ends.", {1}}));
  EXPECT_THAT(ReadClaims(""), ElementsAre());
  EXPECT_THAT(ReadClaims("[3]"), ElementsAre());
}

TEST(ClaimReader, ComesByPiecesAsWhole) {
  const std::string text = "The first one. [1] The second [2] goes on.\n- A third. [3] [4]";
  for (size_t piece = 1; piece <= text.size(); ++piece) {
    ClaimReader reader;
    std::vector<WrittenClaim> claims;
    for (size_t at = 0; at < text.size(); at += piece) {
      for (WrittenClaim& claim : reader.Add(text.substr(at, piece))) claims.push_back(std::move(claim));
    }
    for (WrittenClaim& claim : reader.Finish()) claims.push_back(std::move(claim));
    EXPECT_EQ(claims, ReadClaims(text)) << piece;
  }
}

}  // namespace
}  // namespace atelier
