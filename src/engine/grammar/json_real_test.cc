// Real schemas with instances and verdicts (real_schemas_testing.h): every verdict is right, or the schema is refused.
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "base/text/real_schemas_testing.h"
#include "engine/grammar/json_testing.h"

namespace atelier {
namespace {

TEST(JsonReal, EveryVerdictIsRightOrTheSchemaIsRefused) {
  std::ifstream file = RealSchemasFile();
  if (!file) GTEST_SKIP() << "no real schemas beside the project";
  int num_right = 0;
  int num_refused = 0;
  for (std::string line; std::getline(file, line);) {
    const Json row = ParsedJson(line);
    auto machine = MachineOf(row["schema"]);
    if (!machine.ok()) {
      ++num_refused;
      std::printf("refused: %s: %s\n", row["name"].AsString().c_str(), machine.error().Message().c_str());
      continue;
    }
    for (const Json& test : row["tests"].items()) {
      EXPECT_EQ(Takes(**machine, test["data"].Dump()), test["valid"].AsBool())
          << row["name"].AsString() << " " << test["description"].Dump();
    }
    ++num_right;
  }
  std::printf("%d schemas kept, %d refused\n", num_right, num_refused);
  EXPECT_LE(num_refused * 65, num_right);  // as 1,480 of 1,503
}

}  // namespace
}  // namespace atelier
