// An address of the Internet Protocol as a value, and what its number says about where it leads.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace atelier {

struct IpAddress {
  bool v4 = true;
  std::array<uint8_t, 16> bytes{};  // of a v4 address the first four

  // "192.0.2.1", "2001:db8::1"; without brackets and zone. Nothing for what is no address in these forms.
  static std::optional<IpAddress> Parse(std::string_view text);
  std::string Text() const;
  bool operator==(const IpAddress&) const = default;
};

// "10.0.0.0/8", "fd00::/8". A v4 block holds no v6 address, and the other way about.
struct IpBlock {
  IpAddress base;
  int prefix = 0;  // bits that must be equal

  static Result<IpBlock> Parse(std::string_view text);
  bool Holds(const IpAddress& address) const;
};

// Why an address is none of the public Internet's: "loopback", "private", "link-local", ...; empty where it is public.
// IPv4 addresses in the clothes of IPv6 (mapped, NAT64, 6to4, Teredo) are never public: they lead to places that the v6
// number does not show.   [IANA, special-purpose address registries; RFC 6890]
std::string_view WhyNotPublic(const IpAddress& address);

}  // namespace atelier
