#include "model/weights/weight_store.h"

#include <algorithm>
#include <set>
#include <utility>

namespace atelier {
namespace {

constexpr size_t kMaxFaultsShown = 20;  // of a wrong file every tensor is at fault; the first ones say why

std::string ShapeOf(const WeightRef& ref) {
  if (ref.rows == 1) return "[" + std::to_string(ref.cols) + "]";
  return "[" + std::to_string(ref.rows) + ", " + std::to_string(ref.cols) + "]";
}

// Empty where the tensor serves.
std::string FaultOf(const WeightRef& ref, const Tensor* tensor) {
  if (tensor == nullptr) return ref.name + ": got none, want " + ShapeOf(ref);
  if (tensor->rows() != ref.rows || tensor->columns() != ref.cols) {
    return ref.name + ": got " + tensor->ShapeText() + ", want " + ShapeOf(ref);
  }
  if (!tensor->format->can_dequantize()) {
    return ref.name + ": got format " + std::string(tensor->format->name) + ", want one that can be read here";
  }
  return "";
}

}  // namespace

Result<WeightStore> WeightStore::Create(std::shared_ptr<const TensorFile> file, const Rename& rename) {
  WeightStore store;
  for (const Tensor& tensor : file->tensors()) {
    std::string name = rename(tensor.name);
    if (name.empty()) continue;
    const auto [place, is_new] = store.by_name_.try_emplace(std::move(name), &tensor);
    if (!is_new) {
      return Error::Invalid(std::string(tensor.name), "got a second tensor for " + place->first + " beside " +
                                                          std::string(place->second->name) + ", want one")
          .Under(file->path());
    }
  }
  store.file_ = std::move(file);
  return store;
}

const Tensor* WeightStore::Find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

Result<void> WeightStore::Check(std::span<const WeightRef> wanted, std::span<const std::string_view> spare) const {
  std::vector<std::string> faults;
  std::set<std::string_view> names;
  for (const WeightRef& ref : wanted) {
    names.insert(ref.name);
    if (std::string fault = FaultOf(ref, Find(ref.name)); !fault.empty()) faults.push_back(std::move(fault));
  }
  for (const auto& [name, tensor] : by_name_) {
    const auto begins = [&](std::string_view prefix) { return name.starts_with(prefix); };
    if (names.contains(name) || std::any_of(spare.begin(), spare.end(), begins)) continue;
    faults.push_back(name + ": got " + tensor->ShapeText() + ", want no such tensor in this architecture");
  }
  if (faults.empty()) return {};
  std::string all;
  for (size_t i = 0; i < std::min(faults.size(), kMaxFaultsShown); ++i) all += (i == 0 ? "" : "\n") + faults[i];
  if (faults.size() > kMaxFaultsShown) all += "\nand " + std::to_string(faults.size() - kMaxFaultsShown) + " more";
  return Error::Invalid(path(), std::move(all));
}

Result<std::vector<float>> WeightStore::ReadF32(const WeightRef& ref) const {
  const Tensor* tensor = Find(ref.name);
  if (std::string fault = FaultOf(ref, tensor); !fault.empty()) return Error::Invalid(path(), std::move(fault));
  return atelier::ReadF32(*tensor);
}

int64_t WeightStore::num_bytes() const {
  int64_t sum = 0;
  for (const auto& [name, tensor] : by_name_) sum += static_cast<int64_t>(tensor->bytes.size());
  return sum;
}

int64_t WeightStore::num_elements() const {
  int64_t sum = 0;
  for (const auto& [name, tensor] : by_name_) sum += tensor->num_elements();
  return sum;
}

std::string_view WeightStore::main_format() const {
  std::map<std::string_view, size_t> bytes;
  for (const auto& [name, tensor] : by_name_) bytes[tensor->format->name] += tensor->bytes.size();
  const auto most =
      std::max_element(bytes.begin(), bytes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == bytes.end() ? std::string_view() : most->first;
}

AffineName Weights::operator()(std::string_view name) const {
  AffineName affine = WithBias(name);
  if (!store_->Has(affine.bias)) affine.bias.clear();
  return affine;
}

AffineName Weights::WithBias(std::string_view name) const {
  const std::string full = prefix_ + std::string(name);
  return {full + ".weight", full + ".bias"};
}

AffineName Weights::NoBias(std::string_view name) const { return {prefix_ + std::string(name) + ".weight", ""}; }

}  // namespace atelier
