#include "agent/tools/openapi_request.h"

#include <algorithm>

#include "base/net/http.h"
#include "base/text/base64.h"
#include "base/text/unicode.h"

namespace atelier {
namespace {

using In = ApiParameter::In;
using Style = ApiParameter::Style;

// A value within a style: a text as it is, anything else as JSON.
std::string Plain(const Json& value) { return value.is_string() ? value.AsString() : value.Dump(); }

// As PercentEncode, but what URIs reserve stays, and so do escapes.   [RFC 3986, section 2.2]
std::string EncodeReserved(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool kept = std::string_view(":/?#[]@!$&'()*+,;=%").find(c) != std::string_view::npos;
    encoded += kept && c != '#' ? std::string(1, c) : PercentEncode(std::string_view(&c, 1));
  }
  return encoded;
}

class Styled {
 public:
  Styled(Style style, bool explode, bool reserved) : style_(style), explode_(explode), reserved_(reserved) {}

  std::string Encode(const Json& value) const {
    return reserved_ ? EncodeReserved(Plain(value)) : PercentEncode(Plain(value));
  }

  // "a=1&b=2" of a query, one element for each '&'.
  std::vector<std::string> Pairs(const std::string& name, const Json& value) const {
    const std::string key = PercentEncode(name) + "=";
    if (value.is_array()) {
      if (explode_ && style_ == Style::kForm) {
        std::vector<std::string> pairs;
        for (const Json& item : value.items()) pairs.push_back(key + Encode(item));
        return pairs;
      }
      const char* between = style_ == Style::kSpaceDelimited ? "%20" : style_ == Style::kPipeDelimited ? "%7C" : ",";
      return {key + Join(value, between, "=")};
    }
    if (!value.is_object()) return {key + Encode(value)};
    std::vector<std::string> pairs;
    for (const JsonMember& member : value.members()) {
      if (style_ == Style::kDeepObject) {
        pairs.push_back(PercentEncode(name + "[" + member.key + "]") + "=" + Encode(member.value));
      } else if (explode_) {
        pairs.push_back(PercentEncode(member.key) + "=" + Encode(member.value));
      }
    }
    if (style_ == Style::kDeepObject || explode_) return pairs;
    return {key + Join(value, ",", ",")};
  }

  // Of a path.
  std::string Segment(const std::string& name, const Json& value) const {
    const bool one = !value.is_array() && !value.is_object();
    if (style_ == Style::kLabel) return "." + (one ? Encode(value) : Join(value, explode_ ? "." : ",", Equals()));
    if (style_ != Style::kMatrix) return one ? Encode(value) : Join(value, ",", Equals());
    const std::string key = ";" + PercentEncode(name) + "=";
    if (one) return key + Encode(value);
    if (!explode_) return key + Join(value, ",", ",");
    std::string segment;
    if (value.is_object()) return ";" + Join(value, ";", "=");
    for (const Json& item : value.items()) segment += key + Encode(item);
    return segment;
  }

  // Of a header, where nothing is encoded.
  std::string Header(const Json& value) const {
    if (!value.is_array() && !value.is_object()) return Plain(value);
    std::string text;
    const auto add = [&](const std::string& item) { text += (text.empty() ? "" : ",") + item; };
    if (value.is_array()) {
      for (const Json& item : value.items()) add(Plain(item));
    } else {
      for (const JsonMember& member : value.members()) add(member.key + Equals() + Plain(member.value));
    }
    return text;
  }

 private:
  std::string Equals() const { return explode_ ? "=" : ","; }
  // Items, or keys and values, in one text.
  std::string Join(const Json& value, const std::string& between, const std::string& equals) const {
    std::string text;
    bool first = true;
    const auto add = [&](const std::string& item) {
      text += (first ? "" : between) + item;
      first = false;
    };
    if (value.is_array()) {
      for (const Json& item : value.items()) add(Encode(item));
    } else {
      for (const JsonMember& member : value.members()) add(PercentEncode(member.key) + equals + Encode(member.value));
    }
    return text;
  }

  const Style style_;
  const bool explode_, reserved_;
};

// A request under way of being made.
class Builder {
 public:
  Builder(const ApiOperation& operation, const ApiTarget& target) : operation_(operation), target_(target) {
    path_ = operation.path;
  }

  Result<void> Add(const ApiParameter& parameter, const Json& given) {
    const Json value = parameter.as_json ? Json(given.Dump()) : given;
    const Styled styled(parameter.style, parameter.explode, parameter.allow_reserved);
    switch (parameter.in) {
      case In::kPath: return AddToPath(parameter, styled, value);
      case In::kHeader: request_.headers.Add(parameter.name, styled.Header(value)); return {};
      case In::kQuery:
        for (std::string& pair : styled.Pairs(parameter.name, value)) query_.push_back(std::move(pair));
        return {};
      case In::kCookie:
        for (std::string& pair : styled.Pairs(parameter.name, value)) cookies_.push_back(std::move(pair));
        return {};
    }
    return {};
  }

  Result<void> AddBody(const ApiBody& body, const Json& value) {
    std::string type = body.media_type;
    if (body.kind == ApiBody::Kind::kJson) {
      request_.body = value.Dump();
    } else if (body.kind == ApiBody::Kind::kText) {
      request_.body = Plain(value);
      type += "; charset=utf-8";
    } else if (!value.is_object()) {
      return Error::Invalid("body", "got " + std::string(value.TypeName()) + ", want an object: it is sent as a form");
    } else if (body.kind == ApiBody::Kind::kForm) {
      AddForm(body, value);
    } else {
      type += "; boundary=" + AddMultipart(value);
    }
    request_.headers.Add("Content-Type", type);
    return {};
  }

  void AddSecret(const ApiKeyPlace& place, const std::string& secret) {
    using Kind = ApiKeyPlace::Kind;
    switch (place.kind) {
      case Kind::kHeader: request_.headers.Add(place.name, secret); break;
      case Kind::kQuery: query_.push_back(PercentEncode(place.name) + "=" + PercentEncode(secret)); break;
      case Kind::kCookie: cookies_.push_back(place.name + "=" + PercentEncode(secret)); break;
      case Kind::kBearer: request_.headers.Add("Authorization", "Bearer " + secret); break;
      case Kind::kBasic: request_.headers.Add("Authorization", "Basic " + Base64Encode(secret)); break;
    }
  }

  Result<AsyncRequest> Finish() {
    // Escapes that may stay, and two parameters in one part of the path, may make of it what leads elsewhere.
    const auto parts = Parts(path_), listed = Parts(operation_.path);
    for (size_t i = 0; i < parts.size(); ++i) {
      const bool leads_elsewhere = parts[i] == "." || parts[i] == "..";
      if (leads_elsewhere && (i >= listed.size() || listed[i] != parts[i])) {
        return Error::Invalid("path", "got '" + path_ + "', want no part that is '" + parts[i] + "'");
      }
    }
    request_.method = operation_.method;
    request_.url = target_.base_url + path_;
    for (size_t i = 0; i < query_.size(); ++i) request_.url += (i == 0 ? "?" : "&") + query_[i];
    std::string cookie;
    for (const std::string& pair : cookies_) cookie += (cookie.empty() ? "" : "; ") + pair;
    if (!cookie.empty()) request_.headers.Add("Cookie", cookie);
    return std::move(request_);
  }

 private:
  // What stands between slashes, as servers read its dots.
  static std::vector<std::string> Parts(const std::string& path) {
    std::vector<std::string> parts(1);
    for (size_t i = 0; i < path.size(); ++i) {
      const std::string_view escape = std::string_view(path).substr(i, 3);
      if (path[i] == '/') {
        parts.emplace_back();
      } else if (escape == "%2e" || escape == "%2E") {
        parts.back() += '.';
        i += 2;
      } else {
        parts.back() += path[i];
      }
    }
    return parts;
  }

  Result<void> AddToPath(const ApiParameter& parameter, const Styled& styled, const Json& value) {
    std::string segment = styled.Segment(parameter.name, value);
    // `allowReserved` leaves these as they are, and in a path they would end the part.   [RFC 3986, section 3.3]
    for (const auto& [byte, encoded] : {std::pair('/', "%2F"), std::pair('?', "%3F"), std::pair('#', "%23")}) {
      for (size_t at = 0; (at = segment.find(byte, at)) != std::string::npos;) segment.replace(at, 1, encoded);
    }
    // These would lead to another path than the document's.
    if (segment.empty() || segment == "." || segment == "..") {
      return Error::Invalid(parameter.name, "got '" + segment + "', want a part of a path");
    }
    const std::string place = "{" + parameter.name + "}";
    for (size_t at = 0; (at = path_.find(place, at)) != std::string::npos; at += segment.size()) {
      path_.replace(at, place.size(), segment);
    }
    return {};
  }

  void AddForm(const ApiBody& body, const Json& value) {
    for (const JsonMember& member : value.members()) {
      const Json* encoding = body.encoding != nullptr ? body.encoding->Find(member.key) : nullptr;
      const bool deep = encoding != nullptr && (*encoding)["style"] == Json("deepObject");
      const Json* explode = encoding != nullptr ? encoding->Find("explode") : nullptr;
      const Styled styled(deep ? Style::kDeepObject : Style::kForm,
                          explode == nullptr || !explode->is_bool() || explode->AsBool(), false);
      for (const std::string& pair : styled.Pairs(member.key, member.value)) {
        request_.body += (request_.body.empty() ? "" : "&") + pair;
      }
    }
  }

  // Returns the boundary.   [RFC 7578]
  std::string AddMultipart(const Json& value) {
    const std::string all = value.Dump();
    std::string boundary = "atelier-form";
    while (all.find(boundary) != std::string::npos) boundary += "-x";
    for (const JsonMember& member : value.members()) {
      std::string name;
      for (const char c : member.key) name += c == '"' || c == '\r' || c == '\n' ? '_' : c;
      request_.body += "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n";
      if (!member.value.is_string()) request_.body += "Content-Type: application/json\r\n";
      request_.body += "\r\n" + Plain(member.value) + "\r\n";
    }
    request_.body += "--" + boundary + "--\r\n";
    return boundary;
  }

  const ApiOperation& operation_;
  const ApiTarget& target_;
  AsyncRequest request_;
  std::string path_;
  std::vector<std::string> query_, cookies_;
};

}  // namespace

Result<AsyncRequest> BuildApiRequest(const ApiOperation& operation, const ApiArguments& names, const ApiTarget& target,
                                     const Json& arguments) {
  Builder builder(operation, target);
  const ApiParameter* const idempotency = IdempotencyParameter(operation);
  for (const ApiArgument& argument : names.arguments) {
    const ApiParameter& parameter = operation.parameters[argument.parameter];
    const Json& value = arguments[argument.key];
    if (!value.is_null()) {
      TRY_VOID(builder.Add(parameter, value));
    } else if (&parameter == idempotency) {
      TRY_VOID(builder.Add(parameter, target.idempotency_key));
    } else if (parameter.required) {
      return Error::Invalid(argument.key, "got none, want a value");
    }
  }
  const Json& body = names.body_key.empty() ? arguments[""] : arguments[names.body_key];
  if (!names.body_key.empty() && arguments.Has(names.body_key)) TRY_VOID(builder.AddBody(operation.body, body));
  if (operation.body.required && !arguments.Has(names.body_key)) {
    return Error::Invalid(names.body_key, "got none, want a value");
  }
  for (const auto& [place, secret] : target.secrets) builder.AddSecret(place, secret);
  return builder.Finish();
}

}  // namespace atelier
