#include "app/response_store.h"

#include <gtest/gtest.h>

#include "app/store_testing.h"

namespace atelier {
namespace {

class Stored : public StoreTest<ResponseStore> {
 protected:
  static StoredResponse ResponseOf(const std::string& id, const char* status) {
    StoredResponse response;
    response.id = id, response.principal = "ann", response.created_unix = 7;
    response.body = Json::Object({{"id", id}, {"status", status}, {"output", Json::Array({Item("out_" + id)})}});
    response.input = Json::Array({Item("in_" + id)});
    return response;
  }
  static Json Item(const std::string& id) { return Json::Object({{"id", id}, {"type", "message"}}); }
};

TEST_F(Stored, AResponseIsThereAfterARestartForItsKeyAlone) {
  ASSERT_TRUE(store_->Put(ResponseOf("r1", "completed")).ok());
  Reopen();
  const auto found = store_->Get("r1", "ann");
  ASSERT_TRUE(found.ok()) << found.error().Message();
  EXPECT_EQ(found->body, ResponseOf("r1", "completed").body);
  EXPECT_EQ(found->input.size(), 1);
  EXPECT_TRUE(found->events.is_null());
  EXPECT_EQ(store_->Get("r1", "bob").error().kind, ErrorKind::kNotFound);
  EXPECT_TRUE(store_->FindItem("out_r1", "ann").ok());
  EXPECT_FALSE(store_->FindItem("out_r1", "bob").ok());
  EXPECT_FALSE(store_->Delete("r1", "bob").ok());
  ASSERT_TRUE(store_->Delete("r1", "ann").ok());
  EXPECT_FALSE(store_->Get("r1", "ann").ok());
  EXPECT_FALSE(store_->FindItem("out_r1", "ann").ok());
}

TEST_F(Stored, WhatWasUnderWayHasFailedAfterARestart) {
  ASSERT_TRUE(store_->Put(ResponseOf("r1", "in_progress")).ok());
  ASSERT_TRUE(store_->Put(ResponseOf("r2", "completed")).ok());
  Reopen();
  ASSERT_TRUE(store_->FailUnfinished().ok());
  EXPECT_EQ(store_->Get("r1", "ann")->body["status"], Json("failed"));
  EXPECT_EQ(store_->Get("r2", "ann")->body["status"], Json("completed"));
}

TEST_F(Stored, PuttingAgainReplaces) {
  ASSERT_TRUE(store_->Put(ResponseOf("r1", "queued")).ok());
  ASSERT_TRUE(store_->Put(ResponseOf("r1", "completed")).ok());
  EXPECT_EQ(store_->Get("r1", "ann")->body["status"], Json("completed"));
}

TEST_F(Stored, ConversationsKeepTheOrderOfTheirItems) {
  const StoredConversation conversation{.id = "c1", .principal = "ann", .created_unix = 1, .metadata = Json::Object()};
  ASSERT_TRUE(store_->PutConversation(conversation).ok());
  ASSERT_TRUE(store_->AddItems("c1", Json::Array({Item("a"), Item("b")}), "ann").ok());
  ASSERT_TRUE(store_->AddItems("c1", Json::Array({Item("c")}), "ann").ok());
  ASSERT_TRUE(store_->DeleteItem("c1", "b", "ann").ok());
  EXPECT_FALSE(store_->DeleteItem("c1", "b", "ann").ok());
  Reopen();
  const auto items = store_->Items("c1", "ann");
  ASSERT_TRUE(items.ok());
  ASSERT_EQ(items->size(), 2u);
  EXPECT_EQ((*items)[0]["id"], Json("a"));
  EXPECT_EQ((*items)[1]["id"], Json("c"));
  EXPECT_FALSE(store_->Items("c1", "bob").ok());
  ASSERT_TRUE(store_->DeleteConversation("c1", "ann").ok());
  EXPECT_FALSE(store_->GetConversation("c1", "ann").ok());
}

}  // namespace
}  // namespace atelier
