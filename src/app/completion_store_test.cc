#include "app/completion_store.h"

#include <gtest/gtest.h>

#include "app/store_testing.h"

namespace atelier {
namespace {

class Kept : public StoreTest<CompletionStore> {
 protected:
  void Put(const std::string& id, const std::string& model, Json metadata, const std::string& principal = "ann") {
    StoredCompletion completion;
    completion.id = id, completion.principal = principal, completion.model = model;
    completion.body = Json::Object({{"id", id}});
    completion.messages = Json::Array({Json::Object({{"id", id + "-0"}})});
    completion.metadata = std::move(metadata);
    ASSERT_TRUE(store_->Put(completion).ok());
  }
  std::string Ids(const PageQuery& query, CompletionStore::Filter filter) {
    filter.principal = "ann";
    const auto page = store_->List(query, filter);
    EXPECT_TRUE(page.ok());
    std::string ids;
    for (const StoredCompletion& completion : page->items) ids += completion.id;
    return ids + (page->has_more ? "+" : "");
  }
};

TEST_F(Kept, IsThereAfterARestartForItsKeyAlone) {
  Put("a", "m", Json::Object({{"team", "red"}}));
  Reopen();
  const auto found = store_->Get("a", "ann");
  ASSERT_TRUE(found.ok()) << found.error().Message();
  EXPECT_EQ(found->messages[0]["id"], Json("a-0"));
  EXPECT_EQ(found->metadata["team"], Json("red"));
  EXPECT_EQ(store_->Get("a", "bob").error().kind, ErrorKind::kNotFound);
  EXPECT_FALSE(store_->SetMetadata("a", "bob", Json::Object()).ok());
  EXPECT_FALSE(store_->Delete("a", "bob").ok());
  ASSERT_TRUE(store_->SetMetadata("a", "ann", Json::Object({{"k", "v"}})).ok());
  EXPECT_EQ(store_->Get("a", "ann")->metadata, Json::Object({{"k", "v"}}));
  ASSERT_TRUE(store_->Delete("a", "ann").ok());
  EXPECT_FALSE(store_->Get("a", "ann").ok());
}

TEST_F(Kept, IsListedByModelMetadataAndPage) {
  Put("a", "m", Json::Object({{"team", "red"}, {"x", "1"}}));
  Put("b", "n", Json::Object({{"team", "red"}}));
  Put("c", "m", Json::Object({{"team", "blue"}}));
  Put("d", "m", Json::Object(), "bob");
  EXPECT_EQ(Ids({.after = "", .limit = 9, .ascending = true}, {}), "abc");
  EXPECT_EQ(Ids({.after = "", .limit = 2}, {}), "cb+");
  EXPECT_EQ(Ids({.after = "b", .limit = 2}, {}), "a");
  EXPECT_EQ(Ids({.after = "", .limit = 9}, {.principal = "", .model = "m"}), "ca");
  const Json red = Json::Object({{"team", "red"}});
  EXPECT_EQ(Ids({.after = "", .limit = 9}, {.principal = "", .model = "", .metadata = red}), "ba");
  const Json both = Json::Object({{"team", "red"}, {"x", "1"}});
  EXPECT_EQ(Ids({.after = "", .limit = 9}, {.principal = "", .model = "", .metadata = both}), "a");
  EXPECT_EQ(store_->List({.after = "none"}, {.principal = "ann", .model = ""}).error().where, "after");
}

}  // namespace
}  // namespace atelier
