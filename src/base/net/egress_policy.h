// EgressPolicy: where Atelier may connect to on behalf of a model or a stranger. One policy serves tools that fetch,
// MCP servers by URL and webhooks; AsyncHttpClient asks it (AsyncRequest::egress) twice for each request:
//
// 1. CheckUrl, before anything is resolved: is the host on the list? Hosts that could be read in two ways are refused
//    whatever the list says: "0x7f.1" and "127.1" (numbers that are addresses to some), percent signs, user
//    information, non-ASCII names.
// 2. CheckAddress, for each address that the name has: only those it lets pass are dialled, so that the address that
// was
//    checked is the one that is connected to, and a name that changes between two look-ups gains nothing. A kept
//    connection is used again only if its address passes too.
//
// Addresses that are none of the public Internet's (ip_address.h) are refused unless `private` names the host or holds
// the address. Redirects are followed by fetch.h alone, which asks anew for each.
//
// A pattern is [SCHEME://]HOST[:PORT]. HOST is a name, an address, "*.example.org" (names below it, not itself) or "*".
// Without a scheme both http and https are meant, without a port the scheme's own; ":*" is any. Names compare without
// regard to case and a dot at the end. Immutable; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/net/http_client.h"
#include "base/net/ip_address.h"
#include "base/result.h"
#include "base/text/describe.h"

namespace atelier {

// As atelier.yaml has it.
struct EgressConfig {
  std::vector<std::string> hosts{"*"};
  std::vector<std::string> private_hosts{};  // patterns, and blocks "10.0.0.0/8"; what it names need not be in `hosts`
  bool proxy = false;  // through the environment's proxy, which resolves names itself: only step 1 holds then
  static Fields Describe();
};

class EgressPolicy {
 public:
  // Errors: kInvalid, a pattern that is none, under "hosts[2]" or "private[0]".
  static Result<std::shared_ptr<const EgressPolicy>> Create(const EgressConfig& config);
  // Any public host on its scheme's own port.
  static std::shared_ptr<const EgressPolicy> Public();
  // Only the origin of a URL that somebody trusted has written, wherever it is.
  static std::shared_ptr<const EgressPolicy> OnlyOriginOf(const Url& url);

  // Errors: kInvalid (a host that can be read in two ways), kDenied (not on the list, an address that is not public).
  Result<void> CheckUrl(const Url& url) const;
  // Whether `address`, which `url`'s host has, may be dialled. Errors: kDenied.
  Result<void> CheckAddress(const Url& url, const IpAddress& address) const;
  bool use_proxy() const { return use_proxy_; }
  // Whether some scheme's or port's every host is on the list, so that a URL can carry anything to anybody.
  bool any_host() const;

 private:
  struct Pattern {
    std::string scheme;  // empty: http and https
    std::string host;    // canonical; "*", "*.x" as they are
    int port = 0;        // 0: the scheme's own
    bool any_port = false;
    bool Matches(const std::string& scheme, const std::string& host, int port) const;
  };

  static Result<Pattern> ParsePattern(std::string_view text);
  bool IsNamedPrivate(const Url& url, const std::string& host) const;
  bool HoldsPrivate(const IpAddress& address) const;

  std::vector<Pattern> hosts_;
  std::vector<Pattern> private_hosts_;
  std::vector<IpBlock> private_blocks_;
  bool use_proxy_ = false;
};

// The host as policies compare it: lower case, no dot at the end, addresses in their shortest form. Errors: kInvalid.
Result<std::string> CanonicalHost(std::string_view host);

}  // namespace atelier
