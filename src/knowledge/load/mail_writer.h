// A mail as text: subject, people, date, then the body; and its attachments, each as a document of its own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "knowledge/load/document_builder.h"
#include "knowledge/load/load_context.h"
#include "knowledge/load/mime.h"

namespace atelier {

// Writes `mail`; what its attachments hold is added to `documents`, under `id` + "!/" + their names. Of alternatives
// the plain text is taken, or else HTML. Errors: only those that end all loading.
Result<void> WriteMail(const MimePart& mail, const std::string& id, LoadContext& context, DocumentBuilder& builder,
                       std::vector<Document>& documents);

}  // namespace atelier
