// A drive: a local folder or one on a WebDAV server, to list, search, read and, where the settings say so, write.
//
// Files are read as the loaders of documents read them (PDF, office files, pages, text). A search walks the tree: names
// first, then, where asked, the text of files up to a size, within bounds of files and time.
#include <algorithm>
#include <deque>

#include "agent/tools/blocking_tool.h"
#include "agent/tools/drive_store.h"
#include "agent/tools/mail_text.h"
#include "base/net/async_http_client.h"
#include "base/text/base64.h"
#include "base/text/unicode.h"
#include "knowledge/load/loader.h"
#include "provider/provider_config.h"

namespace atelier {
namespace {

constexpr int64_t kMaxWrite = 1 << 20;     // of a file that a model writes
constexpr int64_t kMaxSearched = 1 << 20;  // of a file whose text is searched
constexpr int kMaxFolders = 500;           // walked by one search
constexpr int kMaxFilesRead = 300;         // by one search

struct DriveOptions {
  std::string folder, url, user, password, token;
  bool write = false;
  int64_t max_bytes = 16 << 20, max_text = 20'000, limit = 50;
  static Fields Describe() {
    using O = DriveOptions;
    static constexpr Field fields[] = {
        Key<&O::folder>("folder", "a local folder, in place of a server"),
        Key<&O::url>("url", "of a folder on a WebDAV server"),
        Key<&O::user>("user", "of the server, with a password"),
        Key<&O::password>("password", "env:NAME or file:PATH of the user's password"),
        Key<&O::token>("token", "env:NAME or file:PATH of a bearer's token, in place of user and password"),
        Key<&O::write>("write", "whether files may be written"),
        Key<&O::max_bytes>("max_bytes", "read of a file").Between(1'000, 256 << 20),
        Key<&O::max_text>("max_text", "bytes of text given at a time").Between(200, 1'000'000),
        Key<&O::limit>("limit", "files found at most").Between(1, 500)};
    return fields;
  }
};

struct DriveListArguments {
  std::string path;
  static Fields Describe() {
    static constexpr Field fields[] = {
        Key<&DriveListArguments::path>("path", "of a folder; empty: the whole drive").AtMostBytes(2'000)};
    return fields;
  }
};

struct DriveReadArguments {
  std::string path;
  int64_t start = 0;
  static Fields Describe() {
    static constexpr Field fields[] = {
        Key<&DriveReadArguments::path>("path", "of a file").Required().AtMostBytes(2'000),
        Key<&DriveReadArguments::start>("start", "where in its text to begin: next_start of the part before")
            .AtLeast(0)};
    return fields;
  }
};

struct DriveSearchArguments {
  std::string words, path;
  bool content = true;
  static Fields Describe() {
    using A = DriveSearchArguments;
    static constexpr Field fields[] = {
        Key<&A::words>("words", "part of a file's path, or of its text").Required().AtMostBytes(500),
        Key<&A::path>("path", "folder to look in; empty: the whole drive").AtMostBytes(2'000),
        Key<&A::content>("content", "whether to look into files too, which takes longer than at their paths alone")};
    return fields;
  }
};

struct DriveWriteArguments {
  std::string path, content;
  bool replace = false;
  static Fields Describe() {
    using A = DriveWriteArguments;
    static constexpr Field fields[] = {Key<&A::path>("path", "of the file").Required().AtMostBytes(2'000),
                                       Key<&A::content>("content", "its text").Required().AtMostBytes(kMaxWrite),
                                       Key<&A::replace>("replace", "whether a file that is there may be replaced")};
    return fields;
  }
};

// What the tools of one drive share.
struct Drive {
  std::shared_ptr<DriveStore> store;
  DriveOptions options;
  Pool& pool;
  const Clock& clock;
};

using DriveRun = Task<Result<ToolOutput>> (*)(std::shared_ptr<const Drive>, Call, Json);

class DriveTool final : public AgentTool {
 public:
  DriveTool(std::shared_ptr<const Drive> drive, ToolSpec spec, DriveRun run)
      : drive_(std::move(drive)), spec_(std::move(spec)), run_(run) {}
  const ToolSpec& spec() const override { return spec_; }
  Task<Result<ToolOutput>> Run(Call call, ToolCallInfo, Json arguments) override {
    if (call.stop.stop_requested()) co_return Error::Cancelled(spec_.name, "stopped on request");
    if (drive_->clock.Now() >= call.deadline)
      co_return Error::Timeout(spec_.name, "the deadline passed before it began");
    co_return co_await run_(drive_, std::move(call), std::move(arguments));
  }

 private:
  const std::shared_ptr<const Drive> drive_;
  const ToolSpec spec_;
  const DriveRun run_;
};

Task<Result<ToolOutput>> List(std::shared_ptr<const Drive> drive, Call call, Json json) {
  const auto arguments = ReadJson<DriveListArguments>(json);
  if (!arguments) co_return ToolFailure(arguments.error());
  const Result<std::string> path = DrivePath(arguments->path);
  if (!path) co_return ToolFailure(path.error());
  const auto entries = co_await drive->store->List(call, *path);
  if (!entries) co_return ToolFailure(entries.error());
  Json list = Json::Array();
  std::string text;
  for (const DriveEntry& entry : *entries) {
    if (static_cast<int64_t>(text.size()) > drive->options.max_text) {
      text += "[and " + std::to_string(static_cast<int64_t>(entries->size()) - list.size()) + " more]\n";
      break;
    }
    Json item = Json::Object({{"name", entry.name}, {"folder", entry.is_folder}});
    if (!entry.is_folder) item.Set("bytes", entry.bytes);
    list.Push(std::move(item));
    text += entry.name + (entry.is_folder ? "/" : " (" + std::to_string(entry.bytes) + " bytes)") + "\n";
  }
  if (text.empty()) text = "The folder is empty.";
  co_return ToolOutput{.text = std::move(text), .structured = Json::Object({{"entries", std::move(list)}})};
}

// The text of a file, as the loaders of documents read it. Pool threads.
Result<std::string> TextOfFile(const std::string& path, std::string bytes, std::stop_token stop) {
  LoadOptions options;
  options.ocr = false;
  options.limits.text_bytes = 16 << 20;
  options.limits.expanded_bytes = 256 << 20;
  options.limits.program_time = std::chrono::milliseconds(20'000);
  options.limits.parse_time = std::chrono::milliseconds(5'000);
  options.stop = std::move(stop);
  Source source{path, std::move(bytes), ""};
  TRY(const std::vector<Document> documents, LoadDocuments(source, options));
  std::string text;
  for (const Document& document : documents) {
    if (documents.size() > 1) text += (text.empty() ? "" : "\n\n") + document.id + "\n\n";
    text += document.text;
  }
  return text;
}

Task<Result<ToolOutput>> Read(std::shared_ptr<const Drive> drive, Call call, Json json) {
  const auto arguments = ReadJson<DriveReadArguments>(json);
  if (!arguments) co_return ToolFailure(arguments.error());
  const Result<std::string> path = DrivePath(arguments->path);
  if (!path) co_return ToolFailure(path.error());
  Result<std::string> bytes = co_await drive->store->Read(call, *path, drive->options.max_bytes);
  if (!bytes) co_return ToolFailure(bytes.error());
  auto load = [&] { return TextOfFile(*path, *std::move(bytes), call.stop); };
  auto loading = OnPool(drive->pool, load);
  const Result<std::string> text = co_await loading;
  if (!text) co_return ToolFailure(text.error());
  const TextExtract part = PartOf(*text, arguments->start, drive->options.max_text);
  ToolOutput output{.text = std::string(part.text), .structured = Json::Object({{"path", *path}, {"text", part.text}})};
  if (part.next > 0) {
    output.structured.Set("next_start", part.next);
    output.text += "\n\n[there is more: ask again with start = " + std::to_string(part.next) + "]";
  }
  co_return output;
}

// A search under way: breadth first.
struct Walk {
  std::string words;  // in lower case
  std::deque<std::string> folders;
  int folders_seen = 0, files_read = 0;
  bool cut = false;
  std::vector<std::string> found;
};

Task<Result<bool>> TextHas(std::shared_ptr<const Drive> drive, Call call, std::string path, std::string words) {
  Result<std::string> bytes = co_await drive->store->Read(call, path, kMaxSearched);
  if (!bytes) co_return bytes.error();
  auto look = [&]() -> Result<bool> {
    TRY(const std::string text, TextOfFile(path, *std::move(bytes), call.stop));
    return OccursIn(text, words);
  };
  auto looking = OnPool(drive->pool, look);
  Result<bool> has = co_await looking;
  co_return has;
}

Task<Result<ToolOutput>> Search(std::shared_ptr<const Drive> drive, Call call, Json json) {
  const auto arguments = ReadJson<DriveSearchArguments>(json);
  if (!arguments) co_return ToolFailure(arguments.error());
  const Result<std::string> start = DrivePath(arguments->path);
  if (!start) co_return ToolFailure(start.error());
  Walk walk;
  walk.words = LowerCase(arguments->words);
  walk.folders.push_back(*start);
  const auto full = [&] { return static_cast<int64_t>(walk.found.size()) >= drive->options.limit; };
  while (!walk.folders.empty() && !full() && !call.stop.stop_requested()) {
    if (++walk.folders_seen > kMaxFolders) break;
    const std::string folder = walk.folders.front();
    walk.folders.pop_front();
    const auto entries = co_await drive->store->List(call, folder);
    if (!entries && walk.folders_seen == 1) co_return ToolFailure(entries.error());
    if (!entries) continue;  // of those below, what can be seen
    for (const DriveEntry& entry : *entries) {
      const std::string path = folder.empty() ? entry.name : folder + "/" + entry.name;
      if (entry.is_folder) walk.folders.push_back(path);
      if (entry.is_folder || full()) continue;
      bool matches = OccursIn(path, walk.words);
      if (!matches && arguments->content && entry.bytes <= kMaxSearched) {
        if (++walk.files_read > kMaxFilesRead) walk.cut = true;
        if (walk.files_read <= kMaxFilesRead) {
          const Result<bool> has = co_await TextHas(drive, call, path, walk.words);
          matches = has && *has;
        }
      }
      if (matches) walk.found.push_back(path);
    }
  }
  Json paths = Json::Array();
  std::string text;
  for (const std::string& path : walk.found) {
    paths.Push(path);
    text += path + "\n";
  }
  const bool more = walk.cut || full() || !walk.folders.empty();
  if (walk.found.empty()) text = "Nothing was found.\n";
  if (more) text += "[not everything was looked at: search in a folder, or with other words]";
  co_return ToolOutput{.text = std::move(text),
                       .structured = Json::Object({{"paths", std::move(paths)}, {"more", more}})};
}

Task<Result<ToolOutput>> Write(std::shared_ptr<const Drive> drive, Call call, Json json) {
  const auto arguments = ReadJson<DriveWriteArguments>(json);
  if (!arguments) co_return ToolFailure(arguments.error());
  const Result<std::string> path = DrivePath(arguments->path);
  if (!path) co_return ToolFailure(path.error());
  if (path->empty()) co_return ToolFailure("path: got none, want a file's");
  const Result<void> written = co_await drive->store->Write(call, *path, arguments->content, arguments->replace);
  if (!written && written.error().kind == ErrorKind::kConflict) {
    // The same call made again finds what it wrote.
    const Result<std::string> there = co_await drive->store->Read(call, *path, kMaxWrite);
    if (!there || *there != arguments->content) co_return ToolFailure(written.error());
  } else if (!written) {
    co_return ToolFailure(written.error());
  }
  co_return ToolOutput{.text = "Written: " + *path, .structured = Json::Object({{"path", *path}})};
}

Result<std::shared_ptr<DriveStore>> StoreOf(const DriveOptions& options, const ToolEnvironment& environment) {
  if (options.folder.empty() == options.url.empty()) {
    return Error::Invalid("folder", "got both folder and url or neither, want one of them");
  }
  if (!options.folder.empty()) {
    auto store = OpenLocalDrive(options.folder, environment.pool);
    if (!store) return std::move(store).error().Under("folder");
    return store;
  }
  TRY(ToolNet net, NetOfUrl("url", options.url, environment));
  if (options.url.find_first_of("?#") != std::string::npos) return Error::Invalid("url", "got a query, want a folder");
  std::string authorization;
  if (!options.token.empty()) {
    TRY(const std::string token, ReadSecret(options.token, "token"));
    authorization = "Bearer " + token;
  } else if (!options.user.empty()) {
    TRY(const std::string password, ReadSecret(options.password, "password"));
    authorization = "Basic " + Base64Encode(options.user + ":" + password);
  }
  return OpenWebDav(options.url + (options.url.ends_with('/') ? "" : "/"), std::move(authorization), std::move(net));
}

std::shared_ptr<AgentTool> Tool(const std::shared_ptr<const Drive>& drive, std::string name, std::string title,
                                std::string description, Json parameters, DriveRun run) {
  ToolSpec spec{.name = std::move(name), .title = std::move(title), .description = std::move(description)};
  spec.parameters = std::move(parameters);
  spec.read_only = run != Write;
  spec.idempotent = true;
  spec.sensitive = run == Write;
  spec.outside = run != Write;
  if (run == Search) {
    spec.source = SourceSpec{.query = "words", .by_term = true, .found = "paths"};
    spec.source->read_by = "drive_read", spec.source->read_argument = "path";
  }
  return std::make_shared<DriveTool>(drive, std::move(spec), run);
}

Result<AgentTools> Make(const ToolConfig& config, const ToolEnvironment& environment) {
  TRY(const DriveOptions options, ReadToolOptions<DriveOptions>(config));
  TRY(std::shared_ptr<DriveStore> store, StoreOf(options, environment));
  const auto drive =
      std::make_shared<const Drive>(Drive{std::move(store), options, environment.pool, *environment.clock});
  AgentTools tools{
      Tool(drive, "drive_list", "List a folder", "Lists the files and folders in a folder of the drive.",
           JsonSchema<DriveListArguments>(), List),
      Tool(drive, "drive_read", "Read a file", "Gives the text of a file of the drive: text, PDF, pages, office files.",
           JsonSchema<DriveReadArguments>(), Read),
      Tool(drive, "drive_search", "Search files", "Finds files of the drive by a part of their path, or of their text.",
           JsonSchema<DriveSearchArguments>(), Search)};
  if (options.write) {
    tools.push_back(Tool(drive, "drive_write", "Write a file", "Writes a text file into the drive.",
                         JsonSchema<DriveWriteArguments>(), Write));
  }
  return tools;
}

}  // namespace

extern const ToolEntry tool_drive;
const ToolEntry tool_drive{"drive", "files in a folder or on a WebDAV server: list, search, read, write", Make};

}  // namespace atelier
