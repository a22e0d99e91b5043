// Files within one folder: list, read, search, and with `write` write. FolderView keeps within it.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include "agent/tools/blocking_tool.h"
#include "agent/tools/folder_view.h"
#include "base/text/glob.h"
#include "base/text/utf8.h"

namespace atelier {
namespace {

constexpr int64_t kMaxListed = 1000, kMaxFound = 100;
constexpr int64_t kMaxSearchedBytes = 256 << 20, kMaxLineBytes = 400;

struct Options {
  std::string folder;
  bool write = false;
  int64_t max_file_bytes = 1 << 20;
  int64_t max_text_bytes = 64 << 10;
  static Fields Describe() {
    static constexpr Field fields[] = {
        Key<&Options::folder>("folder", "whose files they are").Required(),
        Key<&Options::write>("write", "whether files may be written; else there is no tool for it"),
        Key<&Options::max_file_bytes>("max_file_bytes", "of a file that is read, searched or written")
            .Between(1, 1 << 30),
        Key<&Options::max_text_bytes>("max_text_bytes", "that one answer of reading shows").Between(100, 1 << 26),
    };
    return fields;
  }
};

struct Files {
  Options options;
  FolderView view;
};

struct ListArguments {
  std::string path, glob;
  bool recursive = false;
  static Fields Describe() {
    static constexpr Field fields[] = {
        Key<&ListArguments::path>("path", "a folder within the folder; without, the folder itself"),
        Key<&ListArguments::glob>("glob", "only paths that match, such as **/*.md").AtMostBytes(1000),
        Key<&ListArguments::recursive>("recursive", "whether folders within are listed too"),
    };
    return fields;
  }
};
struct ReadArguments {
  std::string path;
  int64_t first_line = 1, num_lines = 1'000'000'000;
  static Fields Describe() {
    static constexpr Field fields[] = {
        Key<&ReadArguments::path>("path", "of a text file").Required(),
        Key<&ReadArguments::first_line>("first_line", "to begin with, counted from 1").Between(1, 1e12),
        Key<&ReadArguments::num_lines>("num_lines", "to read at most").Between(1, 1e12),
    };
    return fields;
  }
};
struct WriteArguments {
  std::string path, content;
  static Fields Describe() {
    static constexpr Field fields[] = {
        Key<&WriteArguments::path>("path", "of the file; folders that are missing are made").Required(),
        Key<&WriteArguments::content>("content", "all that it is to hold").Required(),
    };
    return fields;
  }
};
struct SearchArguments {
  std::string text, path, glob;
  bool ignore_case = false;
  static Fields Describe() {
    static constexpr Field fields[] = {
        Key<&SearchArguments::text>("text", "to be found in a line, as it stands").Required().AtMostBytes(1000),
        Key<&SearchArguments::path>("path", "a folder within the folder; without, all of it"),
        Key<&SearchArguments::glob>("glob", "only files whose paths match, such as **/*.md").AtMostBytes(1000),
        Key<&SearchArguments::ignore_case>("ignore_case", "whether a letter's case does not matter (A to Z)"),
    };
    return fields;
  }
};

std::string Valid(std::string_view text) { return ReplaceInvalidUtf8(text); }

Result<ToolOutput> List(const Files& files, const BlockingCall& call, const ListArguments& arguments) {
  ToolOutput output;
  Json entries = Json::Array({});
  bool more = false;
  const auto each = [&](const FolderEntry& entry) {
    if (call.over()) return false;
    if (!arguments.glob.empty() && !GlobMatches(arguments.glob, entry.path)) return true;
    more = entries.size() >= kMaxListed;
    if (more) return false;
    const std::string path = Valid(entry.path);
    output.text += entry.is_folder ? path + "/\n" : path + " (" + std::to_string(entry.size) + " bytes)\n";
    Json row = Json::Object({{"path", path}, {"is_folder", entry.is_folder}});
    if (!entry.is_folder) row.Set("bytes", entry.size);
    entries.Push(std::move(row));
    return true;
  };
  TRY_VOID(files.view.Walk(arguments.path, arguments.recursive || !arguments.glob.empty(), each));
  if (more) output.text += "[there are more; a narrower path or glob shows others]\n";
  if (output.text.empty()) output.text = "[nothing]";
  output.structured = Json::Object({{"entries", std::move(entries)}, {"complete", !more && !call.over()}});
  return output;
}

Result<ToolOutput> Read(const Files& files, const BlockingCall&, const ReadArguments& arguments) {
  TRY(const std::string content, files.view.Read(arguments.path, files.options.max_file_bytes));
  if (!IsValidUtf8(content)) return Error::Unsupported(Valid(arguments.path), "got bytes that are no UTF-8, want text");
  const std::string_view text = content;
  size_t begin = 0;
  int64_t line = 1;
  for (; line < arguments.first_line && begin < text.size(); ++line)
    begin = std::min(text.find('\n', begin), text.size() - 1) + 1;
  size_t end = begin;
  int64_t shown = 0;
  while (end < text.size() && shown < arguments.num_lines) {
    const size_t next = std::min(text.find('\n', end), text.size() - 1) + 1;
    if (static_cast<int64_t>(next - begin) > files.options.max_text_bytes && shown > 0) break;
    end = next, ++shown;
  }
  // One line that is too long by itself is cut.
  std::string part(text.substr(begin, end - begin));
  bool complete = end == text.size();
  if (static_cast<int64_t>(part.size()) > files.options.max_text_bytes) {
    part.resize(ValidUtf8Prefix(std::string_view(part).substr(0, static_cast<size_t>(files.options.max_text_bytes))));
    complete = false;
  }
  ToolOutput output{.text = part};
  output.structured =
      Json::Object({{"content", part}, {"first_line", line}, {"num_lines", shown}, {"complete", complete}});
  if (!complete) output.text += "\n[the file goes on after line " + std::to_string(line + shown - 1) + "]";
  if (output.text.empty()) output.text = "[nothing]";
  return output;
}

Result<ToolOutput> Write(const Files& files, const BlockingCall&, const WriteArguments& arguments) {
  const auto size = static_cast<int64_t>(arguments.content.size());
  if (size > files.options.max_file_bytes) {
    return Error::TooLarge("content", "got " + std::to_string(size) + " bytes, want at most " +
                                          std::to_string(files.options.max_file_bytes));
  }
  TRY_VOID(files.view.Write(arguments.path, arguments.content));
  ToolOutput output{.text = "wrote " + std::to_string(size) + " bytes to " + Valid(arguments.path)};
  output.structured = Json::Object({{"path", Valid(arguments.path)}, {"bytes", size}});
  return output;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower;
}

class Search {
 public:
  Search(const SearchArguments& arguments)
      : text_(arguments.ignore_case ? Lower(arguments.text) : arguments.text), ignore_case_(arguments.ignore_case) {}

  // False: there is enough.
  bool LookAt(const std::string& path, const std::string& content) {
    searched_ += static_cast<int64_t>(content.size());
    const std::string folded = ignore_case_ ? Lower(content) : std::string();
    const std::string_view looked_at = ignore_case_ ? folded : content;
    int64_t line = 1;
    for (size_t at = 0; at < looked_at.size();) {
      const size_t found = looked_at.find(text_, at);
      if (found == std::string_view::npos) break;
      line += std::ranges::count(looked_at.substr(at, found - at), '\n');
      const size_t begin = found == 0 ? 0 : looked_at.rfind('\n', found - 1) + 1;
      const size_t end = std::min(looked_at.find('\n', found), looked_at.size());
      if (matches_.size() >= kMaxFound) return !(more_ = true);
      Add(path, line, std::string_view(content).substr(begin, end - begin));
      at = end;
    }
    return searched_ < kMaxSearchedBytes || !(more_ = true);
  }
  ToolOutput Tell(bool whole) && {
    if (more_) text_found_ += "[there are more; a narrower path, glob or text shows others]\n";
    ToolOutput output{.text = text_found_.empty() ? "[not found]" : std::move(text_found_)};
    output.structured = Json::Object({{"matches", std::move(matches_)}, {"complete", whole && !more_}});
    return output;
  }

 private:
  void Add(const std::string& path, int64_t line, std::string_view text) {
    const std::string shown = Valid(text.substr(0, kMaxLineBytes));
    text_found_ += path + ":" + std::to_string(line) + ": " + shown + "\n";
    matches_.Push(Json::Object({{"path", path}, {"line", line}, {"text", shown}}));
  }

  const std::string text_;
  const bool ignore_case_;
  Json matches_ = Json::Array({});
  std::string text_found_;
  int64_t searched_ = 0;
  bool more_ = false;
};

Result<ToolOutput> SearchFiles(const Files& files, const BlockingCall& call, const SearchArguments& arguments) {
  if (arguments.text.empty() || arguments.text.find('\n') != std::string::npos) {
    return Error::Invalid("text", "got nothing or several lines, want a part of one line");
  }
  Search search(arguments);
  const auto each = [&](const FolderEntry& entry) {
    if (call.over()) return false;
    if (entry.is_folder || (!arguments.glob.empty() && !GlobMatches(arguments.glob, entry.path))) return true;
    const auto content = files.view.Read(entry.path, files.options.max_file_bytes);
    // What is too large, gone or no text is passed over.
    if (!content.ok() || content->find('\0') != std::string::npos) return true;
    return search.LookAt(Valid(entry.path), *content);
  };
  TRY_VOID(files.view.Walk(arguments.path, true, each));
  return std::move(search).Tell(!call.over());
}

template <class Arguments>
std::shared_ptr<AgentTool> MakeOne(const ToolEnvironment& environment, std::shared_ptr<const Files> files,
                                   ToolSpec spec,
                                   Result<ToolOutput> (*function)(const Files&, const BlockingCall&,
                                                                  const Arguments&)) {
  spec.parameters = JsonSchema<Arguments>();
  auto run = [files = std::move(files), function](const BlockingCall& call, const Json& json) -> Result<ToolOutput> {
    const auto arguments = ReadJson<Arguments>(json);
    if (!arguments.ok()) return ToolFailure(arguments.error());
    auto output = function(*files, call, *arguments);
    if (!output.ok()) return ToolFailure(output.error());
    return output;
  };
  return MakeBlockingTool(environment, std::move(spec), std::move(run));
}

Json SchemaWith(std::string_view properties, std::string_view required) {
  return Json::Parse("{\"type\": \"object\", \"properties\": {" + std::string(properties) + "}, \"required\": [" +
                     std::string(required) + "]}")
      .value();
}

Result<AgentTools> Make(const ToolConfig& config, const ToolEnvironment& environment) {
  TRY(Options options, ReadToolOptions<Options>(config));
  std::error_code none;
  if (!std::filesystem::is_directory(options.folder, none)) {
    return Error::Invalid("folder", "got '" + options.folder + "', want a folder that is there");
  }
  std::string folder = std::filesystem::absolute(options.folder, none).native();
  const auto files = std::make_shared<const Files>(Files{std::move(options), FolderView(std::move(folder))});
  ToolSpec list{
      .name = "list_files", .description = "Lists the files and folders of a folder, with sizes.", .read_only = true};
  list.output_schema =
      SchemaWith(R"("entries": {"type": "array"}, "complete": {"type": "boolean"})", R"("entries", "complete")");
  ToolSpec read{.name = "read_file", .description = "Reads a text file, or lines of it.", .read_only = true};
  read.output_schema =
      SchemaWith(R"("content": {"type": "string"}, "complete": {"type": "boolean"})", R"("content", "complete")");
  ToolSpec search{
      .name = "search_files", .description = "Finds the lines of files that hold a text.", .read_only = true};
  search.output_schema =
      SchemaWith(R"("matches": {"type": "array"}, "complete": {"type": "boolean"})", R"("matches", "complete")");
  search.source = SourceSpec{.query = "text", .by_term = true, .found = "matches", .id = "path", .title = "path"};
  search.source->read_by = "read_file", search.source->read_argument = "path";
  AgentTools tools = {MakeOne(environment, files, std::move(list), &List),
                      MakeOne(environment, files, std::move(read), &Read),
                      MakeOne(environment, files, std::move(search), &SearchFiles)};
  if (!files->options.write) return tools;
  ToolSpec write{.name = "write_file", .description = "Writes a whole file, in place of what it held."};
  write.idempotent = write.sensitive = true;
  write.outside = false;
  tools.push_back(MakeOne(environment, files, std::move(write), &Write));
  return tools;
}

}  // namespace

extern const ToolEntry tool_files{"files", "list, read, search and write files within one folder", Make};

}  // namespace atelier
