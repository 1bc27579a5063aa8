#include "upgrade_request.h"

#include <algorithm>
#include <charconv>

#include "event_filter.h"

namespace aev::websocket {
namespace {

constexpr std::string_view kStreamStart = "/ws/debates/";
constexpr std::string_view kStreamEnd = "/stream";
constexpr std::string_view kTokenProtocol = "access_token.";

int hex_value(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

/// Calls `each(name, value)`, both still encoded; false ends it.
template <typename Each>
bool for_each_parameter(std::string_view query, const Each& each) {
  while (!query.empty()) {
    const std::size_t amp = query.find('&');
    const std::string_view pair = query.substr(0, amp);
    const std::size_t equals = pair.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    if (!pair.empty() && !each(pair.substr(0, equals), value)) {
      return false;
    }
    query.remove_prefix(amp == std::string_view::npos ? query.size() : amp + 1);
  }
  return true;
}

bool refuse(RequestFault& fault, unsigned status, std::string message) {
  fault = {status, std::move(message)};
  return false;
}

bool take_parameter(std::string_view name,
                    const std::string& value,
                    UpgradeRequest& request,
                    RequestFault& fault) {
  if (name == "replay_from_seq" || name == "since") {
    std::uint64_t seq = 0;
    const char* const end = value.data() + value.size();
    const auto [rest, error] = std::from_chars(value.data(), end, seq);
    if (error != std::errc() || rest != end) {
      return refuse(fault, 400, std::string(name) + ": expected a sequence number, 0 or more");
    }
    request.replay_from = seq;
  } else if (name == "event_types" || name == "event_type") {
    for (std::string& pattern : split_patterns(value)) {
      request.event_types.push_back(std::move(pattern));
    }
  } else if (name == "format") {
    if (value != "single" && value != "array") {
      return refuse(fault, 400, "format: expected single or array");
    }
    request.format = value == "array" ? FrameFormat::kArray : FrameFormat::kSingle;
  } else if (name == "sync") {
    request.sync = value != "false" && value != "0";
  } else if (name == "token") {
    request.query_token = value;
  } else if ((name == "debate_id" || name == "loop_id") && !request.stream) {
    if (!is_debate_id(value)) {
      return refuse(fault, 400, std::string(name) + ": expected 1 to 256 bytes");
    }
    request.debate_id = value;
  }
  return true;  // what is not known may be a proxy's or a cache's: it is left alone
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, bool plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        return std::nullopt;
      }
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += plus && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

bool is_debate_id(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 256 && std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
  });
}

std::optional<UpgradeRequest> parse_target(std::string_view target, RequestFault& fault) {
  UpgradeRequest request;
  const std::size_t mark = target.find('?');
  const std::string_view path = target.substr(0, mark);
  std::string_view query =
      mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  if (path.starts_with(kStreamStart) && path.ends_with(kStreamEnd) &&
      path.size() > kStreamStart.size() + kStreamEnd.size()) {
    std::string_view encoded = path.substr(kStreamStart.size());
    encoded.remove_suffix(kStreamEnd.size());
    const auto id = percent_decode(encoded, false);
    if (!id || !is_debate_id(*id) || encoded.find('/') != std::string_view::npos) {
      refuse(fault, 400, "the path's debate_id is 1 to 256 bytes, percent-encoded");
      return std::nullopt;
    }
    request.stream = true;
    request.debate_id = *id;
  } else if (path != "/ws" && path != "/ws/" && path != "/") {
    refuse(fault, 404, "there is /ws and /ws/debates/{debate_id}/stream");
    return std::nullopt;
  } else {
    request.sync = true;
  }
  const bool good = for_each_parameter(query, [&](std::string_view name, std::string_view encoded) {
    const auto value = percent_decode(encoded, true);
    return value ? take_parameter(name, *value, request, fault)
                 : refuse(fault, 400, std::string(name) + ": is not percent-encoded properly");
  });
  if (!good) {
    return std::nullopt;
  }
  return request;
}

OfferedProtocols parse_protocols(std::string_view header) {
  OfferedProtocols offered;
  for (const std::string& protocol : split_patterns(header)) {
    if (protocol == "aragora-v1") {
      offered.aragora = true;
    } else if (protocol.starts_with(kTokenProtocol)) {
      // A browser lets no colon through here, so a token may come percent-encoded.
      const auto token = std::string_view(protocol).substr(kTokenProtocol.size());
      offered.token = percent_decode(token, false).value_or(std::string(token));
    }
  }
  return offered;
}

std::string_view parse_bearer(std::string_view header) {
  constexpr std::string_view kScheme = "bearer ";
  if (header.size() <= kScheme.size() ||
      !std::equal(kScheme.begin(), kScheme.end(), header.begin(),
                  [](char a, char b) { return a == b || (b >= 'A' && b <= 'Z' && a == b + 32); })) {
    return {};
  }
  header.remove_prefix(kScheme.size());
  while (header.starts_with(' ')) {
    header.remove_prefix(1);
  }
  return header;
}

}  // namespace aev::websocket
