// Version 0.3 of A2A as another way to write 1.0: everything inside is 1.0 (a2a.h), and this turns JSON of the one
// into JSON of the other. 0.3 has two ways itself: JSON-RPC's ("kind", lower-case states) and HTTP+JSON's, which is
// ProtoJSON of an older a2a.proto.
//
//              1.0                          0.3, JSON-RPC                        0.3, HTTP+JSON
//   method     SendMessage                  message/send                         POST /v1/message:send
//   state      TASK_STATE_INPUT_REQUIRED    input-required                       TASK_STATE_INPUT_REQUIRED
//   role       ROLE_USER                    user                                 ROLE_USER
//   text       {"text"}                     {"kind": "text", "text"}             {"text"}
//   file       {"raw" | "url", "filename",  {"kind": "file", "file": {"bytes" |  {"file": {"fileWithBytes" |
//               "mediaType"}                 "uri", "name", "mimeType"}}          "fileWithUri", "name", "mimeType"}}
//   data       {"data": any}                {"kind": "data", "data": object}     {"data": {"data": object}}
//   parts      "parts"                      "parts"                              "content" of messages
//   answer     {"message": …} or "task"     {"kind": "message", …}               {"message": …} (or "msg"), "task"
//   wait       returnImmediately: false     blocking: true                       blocking: true
//   stream     {"statusUpdate": …}          {"kind": "status-update", "final"}   {"statusUpdate": …, "final"}
//
// What has no place on the other side is left out. Values that are not of the shape wanted are handed on as they are,
// for the reader to name.   [A2A 0.3.0, types.ts and a2a.proto; 1.0.1, appendix A]
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/text/json.h"

namespace atelier {

// Which of 0.3's ways.
enum class A2aV03Form : uint8_t { kRpc, kRest };

// "SendMessage" of "message/send"; nothing: 0.3 has no such method. And back.
std::optional<std::string_view> A2aV10Method(std::string_view v03_method);
std::optional<std::string_view> A2aV03Method(std::string_view v10_method);

// The parameters of a method (by its name in 1.0).
Json A2aV10Params(std::string_view method, const Json& params, A2aV03Form form = A2aV03Form::kRpc);
Json A2aV03Params(std::string_view method, const Json& params, A2aV03Form form = A2aV03Form::kRpc);
// What a method gives, and each event of those that stream.
Json A2aV03Result(std::string_view method, const Json& result, A2aV03Form form = A2aV03Form::kRpc);
Json A2aV10Result(std::string_view method, const Json& result, A2aV03Form form = A2aV03Form::kRpc);

Json A2aV03Task(const Json& task, A2aV03Form form = A2aV03Form::kRpc);

}  // namespace atelier
