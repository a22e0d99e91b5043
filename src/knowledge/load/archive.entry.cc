// Archives: zip, tar, 7z, cpio, also compressed; and single files compressed by gzip, bzip2, xz or zstd. Each member is
// read by the loader that fits it; "a.zip!/b.md" is its id.
#include <array>
#include <iterator>

#include "base/io/files.h"
#include "knowledge/load/archive_reader.h"

namespace atelier {
namespace {

constexpr std::array<std::string_view, 14> kExtensions{".zip",  ".tar",    ".tar.gz", ".tgz",     ".tar.bz2",
                                                       ".tbz2", ".tar.xz", ".txz",    ".tar.zst", ".7z",
                                                       ".gz",   ".bz2",    ".xz",     ".zst"};
constexpr std::array<std::string_view, 4> kMediaTypes{"application/zip", "application/x-tar", "application/gzip",
                                                      "application/x-7z-compressed"};

Claim Recognises(std::string_view bytes) {
  for (const std::string_view magic :
       {std::string_view("PK\3\4"), std::string_view("PK\5\6"), std::string_view("\x1F\x8B"), std::string_view("BZh"),
        std::string_view("\xFD"
                         "7zXZ\0",
                         6),
        std::string_view("\x28\xB5\x2F\xFD"), std::string_view("7z\xBC\xAF\x27\x1C")}) {
    if (bytes.starts_with(magic)) return Claim::kPossible;
  }
  return bytes.size() > 262 && bytes.substr(257, 5) == "ustar" ? Claim::kPossible : Claim::kNo;
}

// What systems leave in archives beside the files.
bool IsDebris(std::string_view name) {
  return name.starts_with("__MACOSX/") || NameOf(name) == ".DS_Store" || NameOf(name) == "Thumbs.db";
}

// "notes.txt" of "notes.txt.gz".
std::string InnerName(const std::string& id) {
  const std::string name(NameOf(id));
  const std::string extension = ExtensionOf(name);
  return extension.empty() ? name : name.substr(0, name.size() - extension.size());
}

Result<std::vector<Document>> Load(const Source& source, LoadContext& context) {
  if (source.bytes.empty()) return Error::Invalid({}, "got no bytes, want an archive");
  std::vector<Document> documents;
  ArchiveVisitor visitor;
  visitor.wants = [](std::string_view name) { return !IsDebris(name); };
  visitor.take = [&](std::string name, std::string bytes) -> Result<void> {
    if (name.empty()) name = InnerName(source.id);
    TRY(auto inner, context.LoadMember({.id = source.id + "!/" + name, .bytes = std::move(bytes), .media_type = {}}));
    std::move(inner.begin(), inner.end(), std::back_inserter(documents));
    return {};
  };
  auto read = ReadArchiveMembers(source.id, source.bytes, ArchiveForms::kAll, context, visitor);
  if (read.ok()) return documents;
  // What could be read before the damage or the limit is kept.
  if (documents.empty() || context.stopped()) return std::move(read).error();
  context.Skip(std::move(read).error().Under(source.id));
  return documents;
}

}  // namespace

extern const LoaderEntry load_archive;
const LoaderEntry load_archive{"archive", kExtensions, kMediaTypes, false, Recognises, Load};

}  // namespace atelier
