#include "model/weights/panel_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "base/random.h"
#include "compute/quant/quant.h"
#include "model/weights/panel_file.h"

namespace atelier {
namespace {

// A model of matrices made up from a seed; its file exists so that it has a size and a time.
class MemoryModel final : public TensorFile {
 public:
  MemoryModel(std::string path, uint64_t seed) : path_(std::move(path)) {
    Random random(seed);
    const auto add = [&](const char* name, const char* format, int64_t n, int64_t k, bool transposed = false) {
      const QuantFormat* quant = FindQuant(format);
      auto& bytes = bytes_.emplace_back(static_cast<size_t>(n * quant->BytesFor(k)));
      for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.Below(128));
      tensors_.push_back({.name = name, .format = quant, .shape = {n, k}, .bytes = bytes, .transposed = transposed});
    };
    bytes_.reserve(4);
    add("a.weight", "Q4_0", 40, 64);
    add("b.weight", "Q8_0", 16, 96);
    add("c.weight", "F16", 20, 24, true);
    add("d.weight", "Q6_K", 3, 256);
  }
  std::span<const Tensor> tensors() const override { return tensors_; }
  const Tensor* Find(std::string_view name) const override {
    for (const Tensor& tensor : tensors_) {
      if (tensor.name == name) return &tensor;
    }
    return nullptr;
  }
  const std::string& path() const override { return path_; }
  std::vector<std::vector<std::byte>> bytes_;

 private:
  std::string path_;
  std::vector<Tensor> tensors_;
};

class PanelStoreTest : public testing::Test {
 protected:
  PanelStoreTest() {
    std::string name = "/tmp/atelier_panel_store_XXXXXX";
    folder_ = mkdtemp(name.data());
    EXPECT_TRUE(WriteAtomically(files_, SourcePath(), "model").ok());
  }
  ~PanelStoreTest() override { EXPECT_TRUE(RemoveTree(files_, folder_).ok()); }

  std::string SourcePath() const { return JoinPath(folder_, "model"); }
  std::string PanelPath() const { return JoinPath(folder_, "cache/model.panels"); }
  std::unique_ptr<PanelStore> OpenStore(const TensorFile& model, bool read_into_memory = false) {
    return PanelStore::Open(files_, model, {.path = PanelPath(), .read_into_memory = read_into_memory});
  }
  // Panels of every tensor, one after the other.
  static std::string AllPanels(PanelStore& store, const TensorFile& model) {
    std::string all;
    for (const Tensor& tensor : model.tensors()) {
      const auto packed = store.Panels(tensor);
      EXPECT_TRUE(packed.ok());
      EXPECT_EQ(reinterpret_cast<uintptr_t>(packed->data) % 64, 0u);
      all.append(reinterpret_cast<const char*>(packed->data), static_cast<size_t>(packed->bytes()));
    }
    return all;
  }

  Files& files_ = Files::Real();
  std::string folder_;
};

TEST_F(PanelStoreTest, SecondStartFindsThePanelsOfTheFirst) {
  const MemoryModel model(SourcePath(), 1);
  const auto first = OpenStore(model);
  const std::string packed = AllPanels(*first, model);
  EXPECT_EQ(first->num_packed(), 4);
  ASSERT_TRUE(first->Save().ok());
  for (const bool read_into_memory : {false, true}) {
    const auto second = OpenStore(model, read_into_memory);
    EXPECT_EQ(AllPanels(*second, model), packed);
    EXPECT_EQ(second->num_loaded(), 4);
    EXPECT_EQ(second->num_packed(), 0);
  }
}

TEST_F(PanelStoreTest, WhatWasNotTouchedBeforeIsAddedAndWhatWasIsKept) {
  const MemoryModel model(SourcePath(), 1);
  const auto first = OpenStore(model);
  ASSERT_TRUE(first->Panels(model.tensors()[0]).ok());
  ASSERT_TRUE(first->Save().ok());
  const auto second = OpenStore(model);
  ASSERT_TRUE(second->Panels(model.tensors()[1]).ok());
  ASSERT_TRUE(second->Save().ok());
  const auto third = OpenStore(model);
  AllPanels(*third, model);
  EXPECT_EQ(third->num_loaded(), 2);
}

TEST_F(PanelStoreTest, AnotherSourceMakesTheFileStale) {
  const MemoryModel model(SourcePath(), 1);
  const auto first = OpenStore(model);
  AllPanels(*first, model);
  ASSERT_TRUE(first->Save().ok());
  const MemoryModel other(SourcePath(), 2);
  EXPECT_EQ(AllPanels(*OpenStore(other), other), AllPanels(*OpenStore(other), other));
  const auto second = OpenStore(other);
  AllPanels(*second, other);
  EXPECT_EQ(second->num_loaded(), 0);
  ASSERT_TRUE(WriteAtomically(files_, SourcePath(), "a longer model").ok());
  const auto third = OpenStore(model);
  AllPanels(*third, model);
  EXPECT_EQ(third->num_loaded(), 0);
}

TEST_F(PanelStoreTest, DamagedFileIsPackedAnew) {
  const MemoryModel model(SourcePath(), 1);
  const auto first = OpenStore(model);
  const std::string packed = AllPanels(*first, model);
  ASSERT_TRUE(first->Save().ok());
  const std::string whole = *ReadWholeFile(files_, PanelPath(), 1 << 20);
  for (size_t at : {size_t{0}, size_t{9}, size_t{13}, size_t{20}, size_t{70}, whole.size() - 1, whole.size() - 30}) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    ASSERT_TRUE(WriteAtomically(files_, PanelPath(), damaged).ok());
    const auto store = OpenStore(model);
    EXPECT_EQ(AllPanels(*store, model), packed) << "byte " << at;
    EXPECT_EQ(store->num_loaded(), 0) << "byte " << at;
  }
  for (size_t size : {size_t{0}, size_t{100}, size_t{4096}, whole.size() - 1}) {
    ASSERT_TRUE(WriteAtomically(files_, PanelPath(), std::string_view(whole).substr(0, size)).ok());
    EXPECT_EQ(AllPanels(*OpenStore(model), model), packed) << "size " << size;
  }
}

TEST_F(PanelStoreTest, IndexThatPointsOutsideTheFileIsRefused) {
  const MemoryModel model(SourcePath(), 1);
  const auto store = OpenStore(model);
  PanelIndex matrices;
  matrices.emplace("a", *store->Panels(model.tensors()[0]));
  const PanelFilePlan plan = PlanPanelFile(matrices, 7);
  const std::string panels(static_cast<size_t>(plan.index_offset - kPanelFileAlignment), 'x');
  // The file with one field of its index changed and its checksums made right again.
  const auto read = [&](size_t field, uint64_t value, uint64_t identity) {
    std::string index = plan.index;
    std::memcpy(index.data() + field, &value, sizeof value);
    StoreHeader header;
    std::memcpy(&header, plan.header.data(), sizeof header);
    header.index_checksum = Checksum(std::as_bytes(std::span(index)));
    header.header_checksum =
        Checksum(std::as_bytes(std::span(&header, 1)).first(offsetof(StoreHeader, header_checksum)));
    std::string file(kPanelFileAlignment, '\0');
    std::memcpy(file.data(), &header, sizeof header);
    file += panels + index;
    return ReadPanelFile(std::as_bytes(std::span(file)), identity).ok();
  };
  constexpr size_t kOffset = 0;
  constexpr size_t kRows = 8;
  constexpr size_t kColumns = 16;
  EXPECT_TRUE(read(kOffset, kPanelFileAlignment, 7));
  EXPECT_FALSE(read(kOffset, kPanelFileAlignment, 8));
  EXPECT_FALSE(read(kOffset, uint64_t{1} << 40, 7));
  EXPECT_FALSE(read(kOffset, kPanelFileAlignment + 1, 7));
  for (const uint64_t lie : {uint64_t{0}, uint64_t{1} << 20, uint64_t{1} << 31, ~uint64_t{0}}) {
    EXPECT_FALSE(read(kRows, lie, 7)) << lie;
    EXPECT_FALSE(read(kColumns, lie, 7)) << lie;
  }
}

TEST_F(PanelStoreTest, FolderThatCannotBeMadeCostsOnlyTheFile) {
  const MemoryModel model(SourcePath(), 1);
  const auto store = PanelStore::Open(files_, model, {.path = SourcePath() + "/below/a/file.panels"});
  EXPECT_FALSE(AllPanels(*store, model).empty());
  EXPECT_FALSE(store->Save().ok());
  EXPECT_TRUE(store->Panels(model.tensors()[0]).ok());
  const auto in_memory = PanelStore::Open(files_, model, {});
  EXPECT_FALSE(AllPanels(*in_memory, model).empty());
  EXPECT_TRUE(in_memory->Save().ok());
}

TEST_F(PanelStoreTest, SaveLeavesNothingBesideTheFile) {
  const MemoryModel model(SourcePath(), 1);
  ASSERT_TRUE(files_.MakeFolders(FolderOf(PanelPath())).ok());
  ASSERT_TRUE(WriteAtomically(files_, PanelPath() + ".tmp-999999999", "left by a process that is gone").ok());
  const auto store = OpenStore(model);
  AllPanels(*store, model);
  ASSERT_TRUE(store->Save().ok());
  EXPECT_EQ(*files_.List(FolderOf(PanelPath())), std::vector<std::string>{"model.panels"});
}

TEST_F(PanelStoreTest, FormatWithoutPanelsAndShapesThatAreNoMatrixAreErrors) {
  const MemoryModel model(SourcePath(), 1);
  const auto store = OpenStore(model);
  Tensor tensor = model.tensors()[0];
  tensor.name = "x.weight";
  tensor.format = FindQuant("I32");
  EXPECT_EQ(store->Panels(tensor).error().kind, ErrorKind::kUnsupported);
  tensor.format = FindQuant("F32");
  tensor.shape = {0, 16};
  EXPECT_EQ(store->Panels(tensor).error().kind, ErrorKind::kInvalid);
}

}  // namespace
}  // namespace atelier
