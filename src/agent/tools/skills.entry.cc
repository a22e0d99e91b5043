// Agent Skills: a folder of folders, each with a SKILL.md.          [agentskills.io/specification]
//
//   FOLDER/SKILL.md    frontmatter in YAML between two lines "---": name, description, and optionally license,
//                      compatibility, metadata, allowed-tools; then instructions in Markdown
//   FOLDER/...         further files that the instructions name
//
// The specification wants the folder's name, and a description of 1,024 characters at most. Published collections keep
// to neither, so a skill goes by the name that it says, and of a longer description the beginning is shown.
//
// A model is shown names and descriptions; the instructions, and the other files, are loaded when it asks for them.
// What a skill would allow by `allowed-tools` is told and has no effect: settings alone say which tools an agent has.
// Skills are read when the tool is made; a folder without SKILL.md is passed over, one whose SKILL.md is wrong is an
// error.
#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <utility>

#include "agent/tools/blocking_tool.h"
#include "agent/tools/folder_view.h"
#include "base/text/utf8.h"
#include "base/yaml/front_matter.h"

namespace atelier {
namespace {

constexpr int64_t kMaxSkillBytes = 1 << 20;
constexpr size_t kMaxSkills = 200;
constexpr size_t kMaxDescription = 1024;  // characters; published skills say more, and would keep their neighbours away

struct Options {
  std::string folder;
  static Fields Describe() {
    static constexpr Field fields[] = {
        Key<&Options::folder>("folder", "of skills, each a folder with a SKILL.md").Required(),
    };
    return fields;
  }
};

struct Frontmatter {
  std::string name, description, license, compatibility;
  std::map<std::string, Json> metadata;
  Json allowed_tools;
  static Fields Describe() {
    using F = Frontmatter;
    static constexpr Field fields[] = {
        Key<&F::name>("name", "by which it is loaded").Required(),
        Key<&F::description>("description", "what it does and when to use it").Required(),
        Key<&F::license>("license", "of the skill"),
        Key<&F::compatibility>("compatibility", "what it needs of where it runs"),
        Key<&F::metadata>("metadata", "further words"),
        Key<&F::allowed_tools>("allowed-tools", "tools that it would like to use"),
    };
    return fields;
  }
};

struct Skill {
  std::string folder;
  Frontmatter front;
  std::string instructions;
};

struct Skills {
  FolderView view;
  std::map<std::string, Skill> by_name = {};
};

struct Arguments {
  std::string name, file;
  static Fields Describe() {
    static constexpr Field fields[] = {
        Key<&Arguments::name>("name", "of the skill").Required(),
        Key<&Arguments::file>("file", "a file of the skill that its instructions name; without, the instructions"),
    };
    return fields;
  }
};

Result<void> CheckFrontmatter(const Frontmatter& front) {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  const std::string& name = front.name;
  if (name.empty() || name.size() > 64 || !std::ranges::all_of(name, allowed) || name.starts_with('-') ||
      name.ends_with('-') || name.find("--") != std::string::npos) {
    return Error::Invalid("name",
                          "got '" + name.substr(0, 80) + "', want 1 to 64 of a-z 0-9 and single '-' between them");
  }
  if (front.description.empty()) return Error::Invalid("description", "got none, want 1 to 1024 characters");
  return {};
}

Result<Skill> ReadSkill(const FolderView& view, const std::string& folder) {
  TRY(std::string text, view.Read(folder + "/SKILL.md", kMaxSkillBytes));
  TRY(FrontMatter read, ReadFrontMatter(std::move(text)));
  std::vector<std::string> unknown;
  ReadOptions options{.refuse_unknown = false, .unknown = &unknown};  // other products' keys do no harm
  TRY(Frontmatter front, ReadJson<Frontmatter>(read.values, options));
  TRY_VOID(CheckFrontmatter(front));
  front.description.resize(CodePointOffset(front.description, kMaxDescription));
  return Skill{folder, std::move(front), std::move(read.text)};
}

Result<std::shared_ptr<const Skills>> ReadSkills(const std::string& folder) {
  auto skills = std::make_shared<Skills>(Skills{FolderView(folder)});
  std::vector<std::string> folders;
  TRY_VOID(skills->view.Walk("", false, [&](const FolderEntry& entry) {
    if (entry.is_folder) folders.push_back(entry.path);
    return folders.size() <= kMaxSkills;
  }));
  if (folders.size() > kMaxSkills) return Error::TooLarge("folder", "got more than 200 folders, want fewer");
  for (const std::string& inner : folders) {
    auto skill = ReadSkill(skills->view, inner);
    if (!skill.ok() && skill.error().kind == ErrorKind::kNotFound) continue;
    if (!skill.ok()) return Error::Invalid("folder", inner + "/SKILL.md: " + skill.error().Message());
    const std::string name = skill->front.name;
    const auto [at, is_new] = skills->by_name.emplace(name, *std::move(skill));
    if (!is_new) {
      return Error::Invalid("folder",
                            inner + "/SKILL.md: name: got '" + name + "', which " + at->second.folder + " has");
    }
  }
  if (skills->by_name.empty()) return Error::Invalid("folder", "got '" + folder + "', want skills in it");
  return std::shared_ptr<const Skills>(std::move(skills));
}

ToolOutput Load(const Skills& skills, const Arguments& arguments) {
  const auto found = skills.by_name.find(arguments.name);
  if (found == skills.by_name.end()) {
    std::string all;
    for (const auto& [name, skill] : skills.by_name) all += (all.empty() ? "" : ", ") + name;
    return ToolFailure("name: got '" + arguments.name.substr(0, 80) + "', want one of " + all);
  }
  const std::string& folder = found->second.folder;
  if (arguments.file.empty()) {
    ToolOutput output{.text = found->second.instructions};
    std::string files;
    static_cast<void>(skills.view.Walk(folder, true, [&](const FolderEntry& entry) {
      const std::string path = entry.path.substr(folder.size() + 1);
      if (!entry.is_folder && path != "SKILL.md") files += "- " + ReplaceInvalidUtf8(path) + "\n";
      return files.size() < 4000;
    }));
    if (!files.empty()) output.text += "\n\nFiles of this skill, to be loaded by `file`:\n" + files;
    return output;
  }
  const auto content = skills.view.Read(folder + "/" + arguments.file, kMaxSkillBytes);
  if (!content.ok()) return ToolFailure(content.error());
  if (!IsValidUtf8(*content)) return ToolFailure("file: got bytes that are no UTF-8, want text");
  return {.text = *content};
}

Result<AgentTools> Make(const ToolConfig& config, const ToolEnvironment& environment) {
  TRY(const Options options, ReadToolOptions<Options>(config));
  std::error_code none;
  if (!std::filesystem::is_directory(options.folder, none)) {
    return Error::Invalid("folder", "got '" + options.folder + "', want a folder that is there");
  }
  TRY(const auto skills, ReadSkills(std::filesystem::absolute(options.folder, none).native()));
  ToolSpec spec{
      .name = "load_skill",
      .title = "Skills",
      .description = "Loads instructions for a kind of task. Before such a task, load its skill and follow it."};
  Json names = Json::Array({});
  for (const auto& [name, skill] : skills->by_name) {
    spec.description += "\n- " + name + ": " + skill.front.description;
    names.Push(name);
  }
  spec.parameters = JsonSchema<Arguments>();
  spec.parameters.Find("properties")->Find("name")->Set("enum", std::move(names));
  spec.read_only = true;
  spec.outside = false;    // it is there to be followed
  spec.author = "skills";  // most often somebody else than who wrote the settings
  spec.timeout = std::chrono::milliseconds(10'000);
  auto load = [skills](const BlockingCall&, const Json& json) -> Result<ToolOutput> {
    const auto arguments = ReadJson<Arguments>(json);
    if (!arguments.ok()) return ToolFailure(arguments.error());
    return Load(*skills, *arguments);
  };
  return AgentTools{MakeBlockingTool(environment, std::move(spec), std::move(load))};
}

}  // namespace

extern const ToolEntry tool_skills{"skills", "a folder of Agent Skills (SKILL.md), loaded on demand", Make};

}  // namespace atelier
