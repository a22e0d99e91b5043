// Two files may each have a described struct of the same name in an unnamed namespace (describe_test.cc has the other
// Point and Style): each is read by its own rows.
#include <gtest/gtest.h>

#include "base/text/describe_json.h"

namespace atelier {
namespace {

struct Style {
  double width = 0;
  std::string weight = "none";
  static Fields Describe() {
    static constexpr Field fields[] = {Key<&Style::width>("width", "of lines"),
                                       Key<&Style::weight>("weight", "of type")};
    return fields;
  }
};

struct Drawing {
  std::string title = "a title too long to stand within its string, to find out who overwrites it";
  double x = 0;
  Style style;
  static Fields Describe() {
    static constexpr Field fields[] = {Key<&Drawing::x>("x", "metres"), Inline<&Drawing::style>()};
    return fields;
  }
};

TEST(Describe, StructsOfOneNameInTwoFilesAreTwo) {
  const auto drawing = ReadJson<Drawing>(*Json::Parse(R"({"x": 2.5, "width": 3, "weight": "bold"})"));
  ASSERT_TRUE(drawing.ok()) << drawing.error().Message();
  EXPECT_EQ(drawing->x, 2.5);
  EXPECT_EQ(drawing->style.width, 3);
  EXPECT_EQ(drawing->style.weight, "bold");
  EXPECT_TRUE(drawing->title.starts_with("a title"));
}

}  // namespace
}  // namespace atelier
