#include "knowledge/load/archive_reader.h"

#include <archive.h>
#include <archive_entry.h>

#include <memory>

#include "base/text/utf8.h"

namespace atelier {
namespace {

constexpr int64_t kFreeBytes = 16 << 20;  // that small archives may unpack to, whatever the ratio

struct Close {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, Close>;

std::string FaultOf(archive* reader) {
  const char* text = archive_error_string(reader);
  return "the archive is damaged: " + (text != nullptr ? ReplaceInvalidUtf8(text) : std::string("no reason is given"));
}

bool IsCompressed(std::string_view bytes) {
  return bytes.starts_with("\x1F\x8B") || bytes.starts_with("BZh") ||
         bytes.starts_with(
             "\xFD"
             "7zXZ") ||
         bytes.starts_with("\x28\xB5\x2F\xFD");
}

Result<Reader> Open(std::string_view bytes, ArchiveForms forms) {
  Reader reader(archive_read_new());
  CHECK(reader != nullptr);
  archive_read_support_format_zip(reader.get());
  if (forms == ArchiveForms::kAll) {
    archive_read_support_format_tar(reader.get());
    archive_read_support_format_7zip(reader.get());
    archive_read_support_format_cpio(reader.get());
    archive_read_support_filter_gzip(reader.get());
    archive_read_support_filter_bzip2(reader.get());
    archive_read_support_filter_xz(reader.get());
    archive_read_support_filter_zstd(reader.get());
    if (IsCompressed(bytes)) archive_read_support_format_raw(reader.get());
  }
  if (archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) {
    return Error::Invalid({}, FaultOf(reader.get()));
  }
  return reader;
}

std::string NameOfEntry(archive* reader, archive_entry* entry) {
  if (archive_format(reader) == ARCHIVE_FORMAT_RAW) return {};
  const char* name = archive_entry_pathname_utf8(entry);
  if (name == nullptr) name = archive_entry_pathname(entry);
  std::string_view text = name == nullptr ? std::string_view() : std::string_view(name);
  while (text.starts_with("/") || text.starts_with("./")) text.remove_prefix(text[0] == '/' ? 1 : 2);
  return ReplaceInvalidUtf8(text);
}

class Members {
 public:
  Members(const std::string& id, std::string_view bytes, LoadContext& context, const ArchiveVisitor& visitor)
      : id_(id), packed_bytes_(static_cast<int64_t>(bytes.size())), context_(context), visitor_(visitor) {}

  Result<void> ReadAll(archive* reader) {
    for (;;) {
      TRY_VOID(context_.CheckStop());
      archive_entry* entry = nullptr;
      const int code = archive_read_next_header(reader, &entry);
      if (code == ARCHIVE_EOF) return {};
      if (code < ARCHIVE_WARN) return Error::Invalid({}, FaultOf(reader));
      const bool raw = archive_format(reader) == ARCHIVE_FORMAT_RAW;
      if (!raw && archive_entry_filetype(entry) != AE_IFREG) continue;
      std::string name = NameOfEntry(reader, entry);
      if ((name.empty() && !raw) || !visitor_.wants(name)) continue;
      TRY_VOID(context_.SpendMember());
      TRY(const bool whole, Unpack(reader, name));
      if (whole) TRY_VOID(visitor_.take(std::move(name), std::move(member_)));
    }
  }

 private:
  // Into member_. False: it cannot be read, and was told.
  Result<bool> Unpack(archive* reader, const std::string& name) {
    member_.clear();
    for (;;) {
      TRY_VOID(context_.CheckStop());
      const void* data = nullptr;
      size_t size = 0;
      la_int64_t offset = 0;
      const int code = archive_read_data_block(reader, &data, &size, &offset);
      if (code == ARCHIVE_EOF) return true;
      if (code < ARCHIVE_WARN) {
        context_.Skip(Error::Invalid(id_ + "!/" + name, FaultOf(reader)));
        return false;
      }
      const auto bytes = static_cast<int64_t>(size);
      TRY_VOID(context_.SpendExpanded(bytes));
      unpacked_bytes_ += bytes;
      if (unpacked_bytes_ > kFreeBytes && unpacked_bytes_ / context_.limits().expansion_ratio > packed_bytes_) {
        return Error::TooLarge({}, "it unpacks to more than " + std::to_string(context_.limits().expansion_ratio) +
                                       " times its " + std::to_string(packed_bytes_) + " bytes");
      }
      if (static_cast<int64_t>(member_.size()) + bytes > context_.limits().source_bytes) {
        context_.Skip(Error::TooLarge(
            id_ + "!/" + name, "is above the limit of " + std::to_string(context_.limits().source_bytes) + " bytes"));
        return false;
      }
      member_.append(static_cast<const char*>(data), size);
    }
  }

  const std::string& id_;
  const int64_t packed_bytes_;
  LoadContext& context_;
  const ArchiveVisitor& visitor_;
  int64_t unpacked_bytes_ = 0;
  std::string member_;
};

}  // namespace

Result<void> ReadArchiveMembers(const std::string& id, std::string_view archive, ArchiveForms forms,
                                LoadContext& context, const ArchiveVisitor& visitor) {
  TRY(const Reader reader, Open(archive, forms));
  return Members(id, archive, context, visitor).ReadAll(reader.get());
}

}  // namespace atelier
