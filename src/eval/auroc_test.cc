#include "eval/auroc.h"

#include <gtest/gtest.h>

namespace atelier {
namespace {

TEST(Auroc, IsTheShareOfPairsInTheRightOrder) {
  EXPECT_DOUBLE_EQ(Auroc({2, 3}, {0, 1}), 1);
  EXPECT_DOUBLE_EQ(Auroc({0, 1}, {2, 3}), 0);
  EXPECT_DOUBLE_EQ(Auroc({1, 3}, {2, 0}), 0.75);
  EXPECT_DOUBLE_EQ(Auroc({1, 1}, {1}), 0.5) << "ties count half";
  EXPECT_DOUBLE_EQ(Auroc({1, 2}, {1, 2}), 0.5);
}

TEST(Auroc, OneClassAloneTellsNothing) { EXPECT_DOUBLE_EQ(Auroc({}, {1}), 0.5); }

}  // namespace
}  // namespace atelier
