// Prompt files: a folder of Markdown files with front matter, which MCP clients are offered as prompts.
//
//   ---
//   name: review                        # of the file, where there is none
//   description: Reviews a change.
//   arguments:
//     - {name: text, required: true}
//     - {name: tone, values: [kind, strict], default: kind}
//   ---
//   Review this {{ "strictly" if tone == "strict" else "kindly" }}: {{ text }}
//
// The text is a Jinja template (base/text/jinja.h) whose variables are the arguments. What a client may have rendered
// is bounded. The folder is looked at again when it is asked for: a file that is no prompt is left out and said to be.
// One thread at a time.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/tools/folder_view.h"
#include "base/result.h"
#include "base/text/describe.h"
#include "base/text/jinja.h"
#include "base/text/json.h"

namespace atelier {

struct PromptArgument {
  std::string name;
  std::string title, description;
  bool required = false;
  std::vector<std::string> values;  // one of them; of none, any
  std::string fallback;             // "default"
  static Fields Describe();
};

struct PromptFile {
  std::string name;
  std::string title, description;
  std::vector<PromptArgument> arguments;
  static Fields Describe();

  // By its name; null: there is none.
  const PromptArgument* Find(std::string_view argument) const;
};

class PromptFiles {
 public:
  // An empty folder: none.
  explicit PromptFiles(std::string folder) : folder_(std::move(folder)), view_(folder_) {}

  // Looks at the folder; whether prompts have changed since the last look. COST: a stat a file, reading what changed.
  bool Refresh();
  std::vector<const PromptFile*> List() const;  // by name
  const PromptFile* Find(const std::string& name) const;
  // `arguments`: texts by name. Errors: kNotFound; kInvalid, an argument or what the template makes of it.
  Result<std::string> Render(const std::string& name, const Json& arguments) const;
  // Why files are left out, since the last look.
  const std::vector<Error>& faults() const { return faults_; }

 private:
  struct Entry {
    PromptFile prompt;
    JinjaTemplate text;
  };
  Result<Entry> Read(const std::string& file) const;
  // What tells whether something has changed: names, sizes and times.
  std::string Look(std::vector<std::string>& files) const;

  const std::string folder_;
  const FolderView view_;
  std::string seen_;
  std::map<std::string, Entry> prompts_;
  std::vector<Error> faults_;
};

}  // namespace atelier
