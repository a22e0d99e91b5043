// Agent cards: what an agent says of itself, in a form that clients of 1.0 and of 0.3 both understand (each ignores the
// other's keys), or of 1.0 alone. A card can be signed; the signature is over 1.0's keys alone.   [A2A 1.0.1, 4.4 and
// 8; 0.3.0, 5.5]
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/text/json.h"

namespace atelier {

struct A2aSkill {
  std::string id = {}, name = {}, description = {};
  std::vector<std::string> tags = {};
};

// An extension that an agent knows; one that is required is to be named by each request.   [A2A 1.0.1, 4.6]
struct A2aExtension {
  std::string uri = {}, description = {};
  bool required = false;
};

struct A2aCapabilities {
  bool streaming = true, push = true, extended_card = true;
  bool version_03 = true;  // is spoken too; else the card holds 1.0's keys alone
  std::vector<A2aExtension> extensions = {};
};

struct A2aCardInfo {
  std::string name = {}, description = {}, version = "1.0.0";
  A2aCapabilities capabilities = {};
  bool wants_key = false;  // of this server, as a bearer token
  std::vector<std::string> input_modes = {"text/plain", "application/json"};
  std::vector<std::string> output_modes = {"text/plain", "application/json"};
  std::vector<A2aSkill> skills = {};
};

// Gives a card a signature (a2a_signature.h).
using A2aSignCard = std::function<Json(const Json& card)>;

// `url`: where the agent is asked, "http://127.0.0.1:8910/a2a/helper"; `sign` empty: it is not signed.
Json A2aCard(const A2aCardInfo& info, const std::string& url, const A2aSignCard& sign);

}  // namespace atelier
