#include "agent/protocol/a2a_card.h"

#include <utility>

namespace atelier {
namespace {

Json Texts(const std::vector<std::string>& texts) {
  Json array = Json::Array();
  for (const std::string& text : texts) array.Push(text);
  return array;
}

Json Interface(const std::string& url, std::string_view binding, std::string_view version) {
  return Json::Object({{"url", url}, {"protocolBinding", binding}, {"protocolVersion", version}});
}

Json Capabilities(const A2aCapabilities& capabilities) {
  Json out = Json::Object({{"streaming", capabilities.streaming},
                           {"pushNotifications", capabilities.push},
                           {"extendedAgentCard", capabilities.extended_card}});
  Json extensions = Json::Array();
  for (const A2aExtension& one : capabilities.extensions) {
    extensions.Push(Json::Object({{"uri", one.uri}, {"description", one.description}, {"required", one.required}}));
  }
  if (!extensions.empty()) out.Set("extensions", std::move(extensions));
  return out;
}

Json Interfaces(const A2aCapabilities& capabilities, const std::string& url) {
  Json out = Json::Array({Interface(url, "JSONRPC", "1.0"), Interface(url, "HTTP+JSON", "1.0")});
  if (!capabilities.version_03) return out;
  out.Push(Interface(url, "JSONRPC", "0.3"));
  out.Push(Interface(url, "HTTP+JSON", "0.3"));
  return out;
}

Json Skills(const std::vector<A2aSkill>& skills) {
  Json array = Json::Array();
  for (const A2aSkill& skill : skills) {
    array.Push(Json::Object(
        {{"id", skill.id}, {"name", skill.name}, {"description", skill.description}, {"tags", Texts(skill.tags)}}));
  }
  return array;
}

// What 1.0 reads.
Json Present(const A2aCardInfo& info, const std::string& url) {
  Json card = Json::Object({{"name", info.name}, {"description", info.description}});
  card.Set("supportedInterfaces", Interfaces(info.capabilities, url));
  card.Set("version", info.version);
  card.Set("capabilities", Capabilities(info.capabilities));
  if (info.wants_key) {
    // In the words of both versions alike: clients that know both read the older ones, and the signature is over these.
    Json bearer = Json::Object({{"scheme", "bearer"}});
    Json scheme = Json::Object({{"httpAuthSecurityScheme", std::move(bearer)}});
    card.Set("securitySchemes", Json::Object({{"key", std::move(scheme)}}));
    Json schemes = Json::Object({{"schemes", Json::Object({{"key", Json::Object()}})}});
    card.Set("securityRequirements", Json::Array({std::move(schemes)}));
  }
  card.Set("defaultInputModes", Texts(info.input_modes));
  card.Set("defaultOutputModes", Texts(info.output_modes));
  card.Set("skills", Skills(info.skills));
  return card;
}

// What 0.3 reads beside it.
void AddPast(const A2aCardInfo& info, const std::string& url, Json& card) {
  card.Set("protocolVersion", "0.3.0");
  card.Set("url", url);
  card.Set("preferredTransport", "JSONRPC");
  card.Set("additionalInterfaces", Json::Array({Json::Object({{"url", url}, {"transport", "JSONRPC"}}),
                                                Json::Object({{"url", url}, {"transport", "HTTP+JSON"}})}));
  card.Set("supportsAuthenticatedExtendedCard", info.capabilities.extended_card);
  if (!info.wants_key) return;
  Json* scheme = card.Find("securitySchemes")->Find("key");
  scheme->Set("type", "http");
  scheme->Set("scheme", "bearer");
  card.Set("security", Json::Array({Json::Object({{"key", Json::Array()}})}));
}

}  // namespace

Json A2aCard(const A2aCardInfo& info, const std::string& url, const A2aSignCard& sign) {
  Json card = Present(info, url);
  Json signatures = sign ? Json::Array({sign(card)}) : Json::Array();
  if (info.capabilities.version_03) AddPast(info, url, card);
  if (!signatures.empty()) card.Set("signatures", std::move(signatures));
  return card;
}

}  // namespace atelier
