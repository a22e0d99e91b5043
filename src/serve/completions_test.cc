// /v1/completions and what llama-server has beside it, over the real model and over a tiny one that fills gaps.
#include <gtest/gtest.h>

#include <chrono>

#include "serve/serve_testing.h"
#include "serve/tiny_model.h"

namespace atelier {
namespace {

class Completions : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (IsInstalled(kChatModel)) server = std::make_unique<ServedApp>();
  }
  static void TearDownTestSuite() { server.reset(); }
  void SetUp() override { REQUIRE_INSTALLED(kChatModel); }
  static Answer Complete(std::string_view json) {
    Answer answer = server->PostText("/v1/completions", json);
    EXPECT_EQ(answer.status, 200) << json << "\n" << answer.body;
    return answer;
  }
  static std::unique_ptr<ServedApp> server;
};
std::unique_ptr<ServedApp> Completions::server;

TEST_F(Completions, PromptsAreTextsTokensOrListsOfThem) {
  const std::string paris =
      Complete(R"({"prompt": "The capital of France is", "max_tokens": 3, "temperature": 0})").Text();
  EXPECT_TRUE(paris.starts_with(" Paris")) << paris;
  const Json ids = server->PostText("/tokenize", R"({"prompt": "The capital of France is"})").json["tokens"];
  Json body = ServedApp::Parsed(R"({"max_tokens": 3, "temperature": 0})");
  body.Set("prompt", ids);
  EXPECT_EQ(server->Post("/v1/completions", body).Text(), paris);
  body.Set("prompt", Json::Array({ids, ids}));
  const Answer twice = server->Post("/v1/completions", body);
  EXPECT_EQ(twice.Text(0), paris);
  EXPECT_EQ(twice.Text(1), paris);
  const Answer list =
      Complete(R"({"prompt": ["One, two,", "The capital of France is"], "n": 2, "max_tokens": 3, "temperature": 0})");
  EXPECT_EQ(list.json["choices"].size(), 4);
  EXPECT_EQ(list.Text(2), paris);
  EXPECT_EQ(list.Text(3), paris);
  // The default of the API.
  EXPECT_EQ(*Complete(R"({"prompt": "Once", "temperature": 0, "ignore_eos": true})")
                 .json["usage"]["completion_tokens"]
                 .AsInt64(),
            16);
}

TEST_F(Completions, EchoWithLogprobsScoresThePromptWholeAndStreamed) {
  const std::string body =
      R"("prompt": "The capital of France", "max_tokens": 3, "temperature": 0, "echo": true, "logprobs": 2)";
  const Answer whole = Complete("{" + body + "}");
  const Json& lists = whole.json["choices"][0]["logprobs"];
  ASSERT_EQ(lists["tokens"].size(), 7);
  EXPECT_TRUE(lists["token_logprobs"][0].is_null());
  EXPECT_TRUE(whole.Text().starts_with("The capital of France"));
  std::string joined;
  for (int64_t i = 0; i < 7; ++i) {
    EXPECT_EQ(*lists["text_offset"][i].AsInt64(), static_cast<int64_t>(joined.size()));
    joined += lists["tokens"][i].AsString();
  }
  EXPECT_EQ(joined, whole.Text());

  const Answer stream = Complete("{" + body + R"(, "stream": true})");
  EXPECT_EQ(stream.Text(), whole.Text());
  Json names = Json::Array(), offsets = Json::Array(), scores = Json::Array();
  for (const Json& event : stream.events) {
    const Json& news = event["choices"][0]["logprobs"];
    for (int64_t i = 0; news.is_object() && i < news["tokens"].size(); ++i) {
      names.Push(news["tokens"][i]), offsets.Push(news["text_offset"][i]), scores.Push(news["token_logprobs"][i]);
    }
  }
  EXPECT_EQ(names, lists["tokens"]);
  EXPECT_EQ(offsets, lists["text_offset"]);
  EXPECT_EQ(scores, lists["token_logprobs"]);
  // Nothing but the prompt.
  EXPECT_EQ(Complete(R"({"prompt": "The capital", "max_tokens": 0, "echo": true, "logprobs": 1})").Text(),
            "The capital");
  EXPECT_EQ(Complete(R"({"prompt": "The capital", "max_tokens": 1, "echo": true, "stream": true})")
                .events[0]["choices"][0]["text"]
                .AsString(),
            "The capital");
}

TEST_F(Completions, BestOfMakesManyAndSendsTheLikeliest) {
  const Answer answer =
      Complete(R"({"prompt": "I think", "best_of": 4, "n": 2, "max_tokens": 5, "seed": 2, "logprobs": 0})");
  EXPECT_EQ(answer.json["choices"].size(), 2);
  EXPECT_EQ(*answer.json["usage"]["completion_tokens"].AsInt64(), 20);
  const auto mean = [&](int64_t choice) {
    double sum = 0;
    const Json& scores = answer.json["choices"][choice]["logprobs"]["token_logprobs"];
    for (const Json& score : scores.items()) sum += score.AsDouble();
    return sum / static_cast<double>(scores.size());
  };
  EXPECT_GE(mean(0), mean(1));
  EXPECT_EQ(server->PostText("/v1/completions", R"({"prompt": "x", "best_of": 1, "n": 2})").param(), "best_of");
  EXPECT_EQ(server->PostText("/v1/completions", R"({"prompt": "x", "best_of": 2, "stream": true})").param(), "best_of");
}

TEST_F(Completions, PromptLogprobsAndIdsStandInTheChoice) {
  const Answer answer =
      Complete(R"({"prompt": ["a b", "c"], "max_tokens": 1, "prompt_logprobs": 1, "return_token_ids": true})");
  for (int64_t i = 0; i < 2; ++i) {
    const Json& choice = answer.json["choices"][i];
    EXPECT_EQ(choice["prompt_logprobs"].size(), choice["prompt_token_ids"].size());
    EXPECT_EQ(choice["token_ids"].size(), 1);
  }
  EXPECT_FALSE(answer.json.Has("prompt_token_ids"));
}

TEST_F(Completions, ARenderedTemplateCompletesToTheChatsAnswer) {
  const Json chat = ChatBodyOf("Name a colour.", R"("temperature": 0, "max_tokens": 8)");
  const Json prompt = server->Post("/apply-template", chat).json["prompt"];
  const Json body = Json::Object({{"prompt", prompt}, {"temperature", 0}, {"max_tokens", 8}});
  const Answer completion = server->Post("/v1/completions", body);
  const Answer answer = server->Post("/v1/chat/completions", chat);
  EXPECT_EQ(completion.Text(), answer.Text());
  EXPECT_EQ(completion.json["usage"]["prompt_tokens"], answer.json["usage"]["prompt_tokens"]);
}

TEST_F(Completions, ModelsWithoutTokensForItFillNoGap) {
  const Answer suffix = server->PostText("/v1/completions", R"({"prompt": "a", "suffix": "b"})");
  EXPECT_EQ(suffix.status, 400);
  EXPECT_EQ(suffix.code(), "unsupported_parameter");
  EXPECT_EQ(suffix.param(), "suffix");
}

TEST_F(Completions, TokenizeAndDetokenizeAreEachOthersReverse) {
  const Json reply = server->PostText("/tokenize", R"({"prompt": "héllo <|im_end|>", "return_token_strs": true})").json;
  EXPECT_EQ(reply["count"], Json(reply["tokens"].size()));
  EXPECT_EQ(reply["max_model_len"].AsInt64(), 8192);
  EXPECT_EQ(reply["token_strs"].size(), reply["tokens"].size());
  EXPECT_EQ(reply["tokens"][reply["tokens"].size() - 1].AsInt64(), 2);  // a control token, not its letters
  const Json back = server->Post("/detokenize", Json::Object({{"tokens", reply["tokens"]}})).json;
  EXPECT_EQ(back["prompt"].AsString(), "héllo <|im_end|>");
  EXPECT_EQ(back["content"], back["prompt"]);
  const Json plain = server->PostText("/tokenize", R"({"content": "<|im_end|>", "parse_special": false})").json;
  EXPECT_GT(plain["tokens"].size(), 1);
  // A character in pieces shows its bytes, as llama-server does.
  const Json pieces = server->PostText("/tokenize", R"({"content": "🜁", "with_pieces": true})").json["tokens"];
  ASSERT_GT(pieces.size(), 1);
  EXPECT_EQ(pieces[0]["piece"][0].AsInt64(), 0xF0);
  const Json chat = server->Post("/tokenize", ChatBodyOf("x")).json;
  EXPECT_EQ(chat["count"],
            server->Post("/v1/chat/completions", ChatBodyOf("x", R"("max_tokens": 1)")).json["usage"]["prompt_tokens"]);
  EXPECT_EQ(server->PostText("/tokenize", "{}").status, 400);
  EXPECT_EQ(server->PostText("/detokenize", R"({"tokens": [99999]})").status, 400);
}

TEST_F(Completions, PropsAndSlotsHaveLlamaServersShape) {
  const Json props = server->Get("/props").json;
  EXPECT_EQ(*props["default_generation_settings"]["n_ctx"].AsInt64(), 8192);
  EXPECT_EQ(props["default_generation_settings"]["params"]["temperature"].AsDouble(), 1);
  EXPECT_TRUE(props["chat_template"].AsString().find("im_start") != std::string::npos);
  EXPECT_EQ(props["eos_token"].AsString(), "<|im_end|>");
  for (const char* key :
       {"total_slots", "model_path", "modalities", "build_info", "is_sleeping", "chat_template_caps"}) {
    EXPECT_TRUE(props.Has(key)) << key;
  }
  const Answer idle = server->Get("/slots");
  EXPECT_EQ(idle.json.size(), *props["total_slots"].AsInt64());
  EXPECT_FALSE(idle.json[0]["is_processing"].AsBool());
  // While a request runs, its slot says with what parameters and how far it is.
  std::thread asking([] {
    server->Post("/v1/chat/completions", ChatBodyOf("Count.", R"("max_tokens": 300, "ignore_eos": true, "top_k": 17)"));
  });
  Json busy;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while (!busy.is_object() && std::chrono::steady_clock::now() < deadline) {
    const Json slots = server->Get("/slots").json;
    if (slots[0]["is_processing"].AsBool() && *slots[0]["next_token"][0]["n_decoded"].AsInt64() > 0) busy = slots[0];
  }
  asking.join();
  ASSERT_TRUE(busy.is_object());
  EXPECT_EQ(*busy["params"]["top_k"].AsInt64(), 17);
  EXPECT_EQ(*busy["params"]["n_predict"].AsInt64(), 300);
  EXPECT_EQ(*busy["next_token"][0]["n_remain"].AsInt64() + *busy["next_token"][0]["n_decoded"].AsInt64(), 300);
  EXPECT_FALSE(server->Get("/slots").json[0]["is_processing"].AsBool());
}

// --- filling gaps, over a tiny model ---

Config TinyConfig() {
  const std::string folder = TinyModelFolder("llama");
  MakeTinyLlama(folder);
  Config config;
  config.models.push_back({"tiny", folder});
  config.default_model = "tiny";
  return config;
}

std::string PromptOf(const Answer& answer) {
  EXPECT_EQ(answer.status, 200) << answer.body;
  return answer.json["prompt"].is_string() ? answer.json["prompt"].AsString() : "";
}

TEST(Infill, PutsPrefixSuffixAndMiddleInTheModelsOrder) {
  ServedApp server(TinyConfig());
  const Answer answer = server.PostText(
      "/infill",
      R"({"input_prefix": "def f(", "input_suffix": "return x", "prompt": "a", "n_predict": 5, "temperature": 0})");
  EXPECT_EQ(PromptOf(answer), "<|fim_prefix|>def f(<|fim_suffix|>return x<|fim_middle|>a");
  EXPECT_EQ(*answer.json["tokens_predicted"].AsInt64(), 5);
  EXPECT_EQ(answer.json["stop_type"].AsString(), "limit");
  EXPECT_EQ(*answer.json["generation_settings"]["n_predict"].AsInt64(), 5);
  EXPECT_EQ(*answer.json["timings"]["predicted_n"].AsInt64(), 5);
  const Answer extra = server.PostText("/infill", R"({"input_prefix": "p", "input_suffix": "s", "n_predict": 1,
                     "input_extra": [{"filename": "a.py", "text": "x = 1"}]})");
  EXPECT_EQ(PromptOf(extra),
            "<|repo_name|>project\n<|file_sep|>a.py\nx = 1\n<|file_sep|>file\n"
            "<|fim_prefix|>p<|fim_suffix|>s<|fim_middle|>");
  // The text of control tokens inside code stays text.
  const Answer spelled =
      server.PostText("/infill", R"({"input_prefix": "<|fim_suffix|>", "input_suffix": "", "n_predict": 1})");
  EXPECT_EQ(*spelled.json["tokens_evaluated"].AsInt64(), 3 + 14);
}

TEST(Infill, StreamsWhatTheWholeReplyHas) {
  ServedApp server(TinyConfig());
  const std::string body =
      R"("input_prefix": "ab", "input_suffix": "cd", "n_predict": 8, "seed": 3, "return_tokens": true)";
  const Answer whole = server.PostText("/infill", "{" + body + "}");
  const Answer stream = server.PostText("/infill", "{" + body + R"(, "stream": true})");
  std::string text;
  for (const Json& event : stream.events) text += event["content"].AsString();
  EXPECT_EQ(text, whole.json["content"].AsString());
  EXPECT_TRUE(stream.events.back()["stop"].AsBool());
  EXPECT_EQ(stream.events.back()["tokens"], whole.json["tokens"]);
}

TEST(Infill, ASuffixOfACompletionIsTheSameGap) {
  ServedApp server(TinyConfig());
  const Answer infill =
      server.PostText("/infill", R"({"input_prefix": "ab", "input_suffix": "cd", "n_predict": 6, "temperature": 0})");
  const Answer completion =
      server.PostText("/v1/completions", R"({"prompt": "ab", "suffix": "cd", "max_tokens": 6, "temperature": 0})");
  EXPECT_EQ(completion.status, 200) << completion.body;
  EXPECT_EQ(completion.Text(), infill.json["content"].AsString());
}

TEST(Infill, AModelWithoutATemplateHasNoChat) {
  ServedApp server(TinyConfig());
  const Answer answer = server.Post("/v1/chat/completions", ChatBodyOf("x"));
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.code(), "no_chat_template");
}

}  // namespace
}  // namespace atelier
