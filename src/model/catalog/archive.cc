#include "model/catalog/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <memory>

namespace atelier {
namespace {

constexpr size_t kBlockBytes = 1 << 16;

struct Close {
  void operator()(archive* reader) const { archive_read_free(reader); }
};

Error Damaged(const std::string& path, std::string_view member, archive* reader) {
  const char* text = archive_error_string(reader);
  std::string where = path;
  if (!member.empty()) where.append(": ").append(member);
  return Error::Corrupt(std::move(where), std::string("the archive is damaged: ") + (text != nullptr ? text : "?"));
}

Result<void> CopyMember(const std::string& path, std::string_view member, archive* reader, const ArchiveSink& sink) {
  for (;;) {
    const void* data = nullptr;
    size_t size = 0;
    la_int64_t offset = 0;
    const int code = archive_read_data_block(reader, &data, &size, &offset);
    if (code == ARCHIVE_EOF) return {};
    if (code < ARCHIVE_WARN) return Damaged(path, member, reader);
    TRY_VOID(sink({static_cast<const std::byte*>(data), size}));
  }
}

}  // namespace

Result<void> ReadArchive(const std::string& path,
                         const std::function<Result<ArchiveSink>(std::string_view)>& on_member) {
  const std::unique_ptr<archive, Close> reader(archive_read_new());
  CHECK(reader != nullptr);
  archive_read_support_format_zip(reader.get());
  if (archive_read_open_filename(reader.get(), path.c_str(), kBlockBytes) != ARCHIVE_OK) {
    return Damaged(path, {}, reader.get());
  }
  for (;;) {
    archive_entry* entry = nullptr;
    const int code = archive_read_next_header(reader.get(), &entry);
    if (code == ARCHIVE_EOF) return {};
    if (code < ARCHIVE_WARN) return Damaged(path, {}, reader.get());
    const char* name = archive_entry_pathname(entry);
    if (name == nullptr || archive_entry_filetype(entry) != AE_IFREG) continue;
    TRY(const ArchiveSink sink, on_member(name));
    if (sink) TRY_VOID(CopyMember(path, name, reader.get(), sink));
  }
}

}  // namespace atelier
