// From bytes to documents: finds the loader by name and by content, and loads within limits.
//
// A loader is one file, x.entry.cc, which defines `extern const LoaderEntry load_x` (docs/adding.md); what each keeps
// and leaves out stands in docs/loaders.md. A source gives one document, or several: an archive one a member, a mail
// itself and its attachments, each read by the loader that fits.
//
// The same bytes, id and options give the same documents. Bytes are not trusted: whatever they say, loading ends,
// within the limits, with documents or an error whose `where` begins with the source's id. What lies within a source (a
// member, an attachment, a page) and cannot be read is told to `on_skipped` and left out.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "record/document.h"

namespace atelier {

class LoadContext;  // load_context.h: what is left of the limits

struct Source {
  std::string id;          // Document::id of what is read from it; its last part is the name that loaders go by
  std::string bytes;       // all of it
  std::string media_type;  // as whoever sent it says; empty: not told
};

// Over all documents of a source, members of members too.
struct LoadLimits {
  int64_t source_bytes = 256 << 20;
  int64_t text_bytes = 64 << 20;     // of all documents together
  int64_t expanded_bytes = 1 << 30;  // out of archives, office files and attachments
  int64_t expansion_ratio = 200;  // expanded over compressed, beyond a first 16 MiB; largest seen in office files: 60
  int64_t members = 20'000;       // of archives
  int depth = 4;                  // of archives and mails within each other
  int64_t pages = 10'000;         // of one PDF
  int64_t ocr_pages = 500;        // read from pictures
  int64_t program_memory_bytes = int64_t{2} << 30;  // of pdftotext, pdftoppm and tesseract, each
  std::chrono::milliseconds program_time{120'000};  // of one run of one of these (tesseract: a page)
  std::chrono::milliseconds parse_time{20'000};     // of one parser within this process
};

struct LoadOptions {
  LoadLimits limits = {};
  bool ocr = true;                   // pictures and scanned pages by tesseract, where it is installed
  std::string ocr_language = "eng";  // as tesseract has them: "eng+deu"
  std::stop_token stop = {};
  std::function<void(const Error&)> on_skipped = {};
};

// How sure a loader is of bytes it looks at.
enum class Claim : uint8_t {
  kNo,
  kPossible,  // may be its own; another that is certain comes first
  kCertain,
};

struct LoaderEntry {
  std::string_view name;
  std::span<const std::string_view> extensions;   // ".eml", in lower case; a name without a dot is a whole file name
  std::span<const std::string_view> media_types;  // the first is what its documents get where the loader says no other
  bool is_text;                                   // believed by its name where the content is text
  // By content alone. Null: it cannot be told by content.
  Claim (*recognises)(std::string_view bytes);
  Result<std::vector<Document>> (*load)(const Source& source, LoadContext& context);
};

// Every loader, sorted by name.
std::span<const LoaderEntry* const> Loaders();

// The loader for a source: the one whose name fits, unless its content shows another kind; then what the content shows
// for certain; then the media type's; then what the content may be; then plain text, if it is text. Errors:
// kUnsupported.
Result<const LoaderEntry*> FindLoader(const Source& source);

// Errors: kUnsupported (no loader), kInvalid (broken), kTooLarge (a limit), kTimeout, kCancelled, kUnavailable (a
// program that is missing).
Result<std::vector<Document>> LoadDocuments(const Source& source, const LoadOptions& options);

// The extension of a name, in lower case, with its dot: ".md"; empty where there is none.
std::string ExtensionOf(std::string_view name);

}  // namespace atelier
