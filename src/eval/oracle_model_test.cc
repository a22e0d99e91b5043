#include "eval/oracle_model.h"

#include <gtest/gtest.h>

#include "base/task/manual_loop.h"
#include "provider/gathered.h"

namespace atelier {
namespace {

class OracleModelTest : public testing::Test {
 protected:
  std::string Says(const std::string& prompt, std::optional<GrammarSpec> grammar = {}) {
    GenerationRequest request;
    ChatPrompt chat;
    chat.messages = Json::Array({Json::Object({{"role", "user"}, {"content", prompt}})});
    request.prompt = std::move(chat);
    request.options.grammar = std::move(grammar);
    Result<Generation> generation = loop_.Run(oracle_.Generate({}, std::move(request)));
    if (!generation.ok()) return "error: " + generation.error().Message();
    const auto said = loop_.Run(Gather(std::move(*generation), 1));
    return said.ok() ? said->choices[0].text : said.error().Message();
  }

  ManualLoop loop_{1};
  JudgedSet set_ = {
      .documents = {{"tea", "Brewing", "Green tea is brewed at 70 degrees.\nBlack tea takes water that boils."},
                    {"leaf", "Leaves of the tea plant", "Leaves are dried in the sun."}},
      .queries = {{"q", "", "How hot is green tea?"}},
      .judgements = {{"q", {{"tea", 2}, {"leaf", 1}}}}};
  OracleModel oracle_{loop_, set_};
};

TEST_F(OracleModelTest, AQueryIsAnsweredByItsBestDocument) {
  EXPECT_TRUE(Says("Question: How hot is green tea?\nAnswer it.").starts_with("Green tea is brewed"));
}

TEST_F(OracleModelTest, ADocumentIsKnownByAnyOfItsLines) {
  EXPECT_EQ(Says("A passage:\n\nBlack tea takes water that boils.\n\nSay what it tells."), "Brewing");
  EXPECT_EQ(Says("Passages:\n\nLeaves of the tea plant\n\nSay what they tell."), "Leaves of the tea plant")
      << "a summary";
  EXPECT_TRUE(Says("Say what this tells: nothing of ours at all.").starts_with("error: ")) << "of no document";
}

TEST_F(OracleModelTest, FactsAreTheDocumentAndWhatIsAskedForWithIt) {
  GrammarSpec grammar;
  grammar.kind = GrammarSpec::Kind::kJsonSchema;
  grammar.schema = Json::Parse(R"({"properties": {"entities": {}, "relations": {}}})").value();
  const Json facts = Json::Parse(Says("A passage:\n\nBlack tea takes water that boils.", grammar)).value();
  EXPECT_EQ(facts["entities"].items()[0]["name"], Json("Brewing"));
  EXPECT_EQ(facts["relations"].items()[0]["target"], Json("Leaves of the tea plant"));
}

}  // namespace
}  // namespace atelier
