#include "base/net/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace atelier {
namespace {

struct SpecialBlock {
  std::string_view block;
  std::string_view why;
};

constexpr SpecialBlock kSpecial4[] = {
    {"0.0.0.0/8", "this host"},
    {"10.0.0.0/8", "private"},
    {"100.64.0.0/10", "shared by carriers"},
    {"127.0.0.0/8", "loopback"},
    {"168.63.129.16/32", "a cloud's own host"},  // Azure's platform, public by its number alone
    {"169.254.0.0/16", "link-local"},
    {"172.16.0.0/12", "private"},
    {"192.0.0.0/24", "reserved for protocols"},
    {"192.0.2.0/24", "for documentation"},
    {"192.88.99.0/24", "a 6to4 relay"},
    {"192.168.0.0/16", "private"},
    {"198.18.0.0/15", "for benchmarks"},
    {"198.51.100.0/24", "for documentation"},
    {"203.0.113.0/24", "for documentation"},
    {"224.0.0.0/4", "multicast"},
    {"240.0.0.0/4", "reserved"},
};

// The first that holds it counts; of the rest only 2000::/3 is given out.
constexpr SpecialBlock kSpecial6[] = {
    {"::/128", "this host"},
    {"::1/128", "loopback"},
    {"::ffff:0:0/96", "an IPv4 address within IPv6"},
    {"64:ff9b::/96", "an IPv4 address within IPv6 (NAT64)"},
    {"64:ff9b:1::/48", "an IPv4 address within IPv6 (NAT64)"},
    {"2001::/32", "an IPv4 address within IPv6 (Teredo)"},
    {"2001::/23", "reserved for protocols"},
    {"2001:db8::/32", "for documentation"},
    {"2002::/16", "an IPv4 address within IPv6 (6to4)"},
    {"3fff::/20", "for documentation"},
    {"fc00::/7", "unique-local"},
    {"fe80::/10", "link-local"},
    {"fec0::/10", "site-local"},
    {"ff00::/8", "multicast"},
};

struct ParsedBlock {
  IpBlock block;
  std::string_view why;
};

template <size_t kSize>
std::array<ParsedBlock, kSize> ParseAll(const SpecialBlock (&blocks)[kSize]) {
  std::array<ParsedBlock, kSize> parsed;
  for (size_t i = 0; i < kSize; ++i) parsed[i] = {*IpBlock::Parse(blocks[i].block), blocks[i].why};
  return parsed;
}

}  // namespace

std::optional<IpAddress> IpAddress::Parse(std::string_view text) {
  const std::string terminated(text);
  if (terminated.find('\0') != std::string::npos) return std::nullopt;
  IpAddress address;
  address.v4 = text.find(':') == std::string_view::npos;
  if (inet_pton(address.v4 ? AF_INET : AF_INET6, terminated.c_str(), address.bytes.data()) != 1) return std::nullopt;
  return address;
}

std::string IpAddress::Text() const {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(v4 ? AF_INET : AF_INET6, bytes.data(), text, sizeof text);
  return text;
}

Result<IpBlock> IpBlock::Parse(std::string_view text) {
  const auto bad = [&] {
    return Error::Invalid("block of addresses", "got '" + std::string(text.substr(0, 80)) + "', want ADDRESS/BITS");
  };
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return bad();
  const std::optional<IpAddress> base = IpAddress::Parse(text.substr(0, slash));
  if (!base) return bad();
  IpBlock block{*base, 0};
  const std::string_view bits = text.substr(slash + 1);
  const auto [end, code] = std::from_chars(bits.data(), bits.data() + bits.size(), block.prefix);
  const bool whole = code == std::errc() && end == bits.data() + bits.size();
  if (!whole || block.prefix < 0 || block.prefix > (base->v4 ? 32 : 128)) return bad();
  return block;
}

bool IpBlock::Holds(const IpAddress& address) const {
  if (address.v4 != base.v4) return false;
  const auto whole_bytes = static_cast<size_t>(prefix / 8);
  if (!std::equal(base.bytes.begin(), base.bytes.begin() + whole_bytes, address.bytes.begin())) return false;
  if (prefix % 8 == 0) return true;
  const auto mask = static_cast<uint8_t>(0xFF << (8 - prefix % 8));
  return ((base.bytes[whole_bytes] ^ address.bytes[whole_bytes]) & mask) == 0;
}

std::string_view WhyNotPublic(const IpAddress& address) {
  static const auto special4 = ParseAll(kSpecial4);
  static const auto special6 = ParseAll(kSpecial6);
  if (address.v4) {
    for (const ParsedBlock& special : special4) {
      if (special.block.Holds(address)) return special.why;
    }
    return {};
  }
  for (const ParsedBlock& special : special6) {
    if (special.block.Holds(address)) return special.why;
  }
  return (address.bytes[0] & 0xE0) == 0x20 ? std::string_view() : std::string_view("not given out");
}

}  // namespace atelier
