#include "serve/form_body.h"

namespace atelier {

FormBody::FormBody(std::string_view content_type, std::string file_field, FileStore& store)
    : store_(store), file_field_(std::move(file_field)) {
  Result<std::string> boundary = MultipartBoundary(content_type);
  if (boundary.ok()) {
    reader_.emplace(*boundary, static_cast<MultipartSink&>(*this));
  } else {
    error_ = std::move(boundary).error();
  }
}

Result<void> FormBody::Take(std::string_view piece) {
  if (!error_) {
    Result<void> fed = reader_->Feed(piece);
    if (!fed.ok()) error_ = std::move(fed).error();
  }
  if (error_) return *error_;
  return {};
}

Result<void> FormBody::End() const {
  if (error_) return *error_;
  TRY_VOID(reader_->End());
  if (file_ != nullptr) return {};
  return Error::Invalid(file_field_, "missing, want a part with a file").WithCode("missing_required_parameter");
}

std::string FormBody::Field(const std::string& name) const {
  const auto found = fields_.find(name);
  return found == fields_.end() ? "" : found->second;
}

Result<void> FormBody::OnPart(const MultipartPart& part) {
  current_ = nullptr;
  const bool again = part.name == file_field_ ? file_ != nullptr : fields_.contains(part.name);
  if (again) return Error::Invalid(part.name, "got this part twice, want it once");
  if (part.name != file_field_) {
    current_ = &fields_[part.name];
    return {};
  }
  TRY(file_, store_.Begin());
  filename_ = part.filename.value_or("upload");
  return {};
}

Result<void> FormBody::OnData(std::string_view piece) {
  if (current_ == nullptr) return file_->Write(piece);
  if (static_cast<int64_t>(current_->size() + piece.size()) > kMaxFieldBytes) {
    return Error::Invalid("multipart", "got a field of over " + std::to_string(kMaxFieldBytes) + " bytes");
  }
  current_->append(piece);
  return {};
}

}  // namespace atelier
