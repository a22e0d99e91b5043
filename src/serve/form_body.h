// The body of multipart/form-data with one file: the file goes to the store as it comes in, the short fields are kept.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "app/file_store.h"
#include "base/net/http.h"
#include "base/net/multipart.h"

namespace atelier {

class FormBody final : public BodyTaker, private MultipartSink {
 public:
  static constexpr int64_t kMaxFieldBytes = 16 << 10;

  // `file_field` names the field of the file. Opens its place in `store` when it comes.
  FormBody(std::string_view content_type, std::string file_field, FileStore& store);

  Result<void> Take(std::string_view piece) override;
  // The body is over: an error unless all of the form and the file have come.
  Result<void> End() const;

  // Empty where there is none.
  std::string Field(const std::string& name) const;
  const std::map<std::string, std::string>& fields() const { return fields_; }
  const std::string& filename() const { return filename_; }
  std::unique_ptr<IncomingFile> TakeFile() { return std::move(file_); }

 private:
  Result<void> OnPart(const MultipartPart& part) override;
  Result<void> OnData(std::string_view piece) override;
  Result<void> OnPartEnd() override { return {}; }

  FileStore& store_;
  const std::string file_field_;
  std::optional<MultipartReader> reader_;
  std::optional<Error> error_;  // the first; later pieces change nothing
  std::map<std::string, std::string> fields_;
  std::string* current_ = nullptr;  // the field under way; null: the file
  std::unique_ptr<IncomingFile> file_;
  std::string filename_;
};

}  // namespace atelier
