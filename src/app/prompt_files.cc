#include "app/prompt_files.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/io/files.h"
#include "base/text/describe_json.h"
#include "base/yaml/front_matter.h"

namespace atelier {
namespace {

constexpr size_t kMaxFiles = 500;
constexpr int64_t kMaxFileBytes = 256 << 10;
constexpr int64_t kMaxArguments = 32, kMaxValues = 200;
constexpr size_t kMaxArgumentBytes = 1 << 20;
// A prompt is a page or two; what is far beyond one is a mistake or an attack.
constexpr JinjaLimits kLimits{
    .max_steps = 200'000, .max_text_bytes = size_t{4} << 20, .max_total_bytes = size_t{32} << 20, .max_depth = 100};

}  // namespace

Fields PromptArgument::Describe() {
  using A = PromptArgument;
  static constexpr Field fields[] = {
      Key<&A::name>("name", "the template's variable").Required().AtMostBytes(100),
      Key<&A::title>("title", "for people"),
      Key<&A::description>("description", "what it is"),
      Key<&A::required>("required", "it must be given"),
      Key<&A::values>("values", "one of them; of none, any").AtMostItems(kMaxValues),
      Key<&A::fallback>("default", "where it is not given"),
  };
  return fields;
}

Fields PromptFile::Describe() {
  using P = PromptFile;
  static constexpr Field fields[] = {
      Key<&P::name>("name", "as clients ask for it; the file's, if empty").AtMostBytes(100),
      Key<&P::title>("title", "for people"),
      Key<&P::description>("description", "what it is for"),
      Key<&P::arguments>("arguments", "what its text uses").AtMostItems(kMaxArguments),
  };
  return fields;
}

const PromptArgument* PromptFile::Find(std::string_view argument) const {
  const auto found = std::ranges::find(arguments, argument, &PromptArgument::name);
  return found == arguments.end() ? nullptr : &*found;
}

std::string PromptFiles::Look(std::vector<std::string>& files) const {
  std::string seen;
  static_cast<void>(view_.Walk("", false, [&](const FolderEntry& entry) {
    if (entry.is_folder || !entry.path.ends_with(".md")) return true;
    const auto info = Files::Real().Stat(folder_ + "/" + entry.path);
    seen +=
        entry.path + "\n" + std::to_string(entry.size) + " " + std::to_string(info.ok() ? info->modified_ns : 0) + "\n";
    files.push_back(entry.path);
    return files.size() < kMaxFiles;
  }));
  return seen;
}

Result<PromptFiles::Entry> PromptFiles::Read(const std::string& file) const {
  TRY(std::string text, view_.Read(file, kMaxFileBytes));
  TRY(const FrontMatter front, ReadFrontMatter(std::move(text)));
  TRY(PromptFile prompt, ReadJson<PromptFile>(front.values.is_null() ? Json::Object() : front.values));
  if (prompt.name.empty()) prompt.name = file.substr(0, file.size() - std::string_view(".md").size());
  for (const PromptArgument& argument : prompt.arguments) {
    if (prompt.Find(argument.name) != &argument) {
      return Error::Invalid("arguments", "got '" + argument.name + "' twice");
    }
  }
  TRY(JinjaTemplate parsed, JinjaTemplate::Parse(front.text));
  return Entry{std::move(prompt), std::move(parsed)};
}

bool PromptFiles::Refresh() {
  if (folder_.empty()) return false;
  std::vector<std::string> files;
  std::string seen = Look(files);
  if (seen == seen_) return false;
  seen_ = std::move(seen);
  prompts_.clear(), faults_.clear();
  for (const std::string& file : files) {
    Result<Entry> entry = Read(file);
    if (entry.ok() && prompts_.contains(entry->prompt.name)) {
      entry = Error::Invalid("name", "got '" + entry->prompt.name + "', which another file has");
    }
    if (!entry.ok()) {
      faults_.push_back(std::move(entry).error().Under(folder_ + "/" + file));
      continue;
    }
    const std::string name = entry->prompt.name;
    prompts_.emplace(name, std::move(*entry));
  }
  return true;
}

std::vector<const PromptFile*> PromptFiles::List() const {
  std::vector<const PromptFile*> list;
  for (const auto& [name, entry] : prompts_) list.push_back(&entry.prompt);
  return list;
}

const PromptFile* PromptFiles::Find(const std::string& name) const {
  const auto found = prompts_.find(name);
  return found == prompts_.end() ? nullptr : &found->second.prompt;
}

Result<std::string> PromptFiles::Render(const std::string& name, const Json& arguments) const {
  const auto found = prompts_.find(name);
  if (found == prompts_.end()) return Error::NotFound("name", "got '" + name.substr(0, 100) + "', want a prompt's");
  Json variables = Json::Object();
  for (const PromptArgument& argument : found->second.prompt.arguments) {
    const Json& given = arguments[argument.name];
    const std::string where = "arguments." + argument.name;
    if (given.is_null()) {
      if (argument.required) return Error::Invalid(where, "got none, want a string");
      if (!argument.fallback.empty()) variables.Set(argument.name, argument.fallback);
      continue;
    }
    if (!given.is_string()) return Error::Invalid(where, "got " + std::string(given.TypeName()) + ", want a string");
    const std::string& value = given.AsString();
    if (value.size() > kMaxArgumentBytes) return Error::TooLarge(where, "want at most a mebibyte");
    if (!argument.values.empty() && std::ranges::find(argument.values, value) == argument.values.end()) {
      return Error::Invalid(where, "got '" + value.substr(0, 100) + "', want one of its values");
    }
    variables.Set(argument.name, value);
  }
  for (const JsonMember& member : arguments.members()) {
    if (found->second.prompt.Find(member.key) == nullptr) {
      return Error::Invalid("arguments." + member.key.substr(0, 100), "the prompt has no such argument");
    }
  }
  Result<JinjaOutput> output = found->second.text.Render(variables, {}, kLimits);
  if (!output.ok()) return Error::Invalid("prompt " + name, output.error().Message());
  return std::move(output->text);
}

}  // namespace atelier
