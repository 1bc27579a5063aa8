#include "http/request_head.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace aev::http {
namespace {

constexpr std::array<bool, 256> token_characters() {
  std::array<bool, 256> allowed{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789"
                                       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
    allowed[static_cast<unsigned char>(c)] = true;
  }
  return allowed;
}

constexpr std::array<bool, 256> kToken = token_characters();

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return kToken[static_cast<unsigned char>(c)]; });
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && blank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

/// The line at `at` without its end (CRLF, or LF alone as RFC 9112 section 2.2 allows); nullopt if
/// it is not complete yet.
std::optional<std::string_view> take_line(std::string_view bytes, std::size_t& at) {
  const std::size_t end = bytes.find('\n', at);
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view line = bytes.substr(at, end - at);
  if (!line.empty() && line.back() == '\r') {
    line.remove_suffix(1);
  }
  at = end + 1;
  return line;
}

/// True if the comma-separated `list` holds `word`.
bool lists(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (same_name(trim(list.substr(0, comma)), word)) {
      return true;
    }
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return false;
}

HeadProblem take_target(std::string_view target, RequestHead& head) {
  const bool printable = std::all_of(target.begin(), target.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7f;
  });
  if (!printable) {
    return {400, "the request target holds a control character"};
  }
  // Absolute form, as sent to proxies: the authority is not ours to judge.
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (same_name(target.substr(0, scheme.size()), scheme)) {
      target.remove_prefix(scheme.size());
      const std::size_t path = target.find_first_of("/?");
      target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
      break;
    }
  }
  const std::size_t mark = target.find('?');
  head.path = target.substr(0, mark);
  head.query = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  if (head.path.empty() && mark == 0) {
    head.path = "/";
  }
  if (head.path.empty() || (head.path.front() != '/' && head.path != "*")) {
    return {400, "the request target must begin with /"};
  }
  return {};
}

HeadProblem take_request_line(std::string_view line, RequestHead& head) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return {400, "the first line must be: METHOD target HTTP/1.1"};
  }
  head.method = line.substr(0, first);
  if (!is_token(head.method)) {
    return {400, "the method is not a token"};
  }
  const std::string_view version = line.substr(last + 1);
  if (version == "HTTP/1.1") {
    head.http_1_0 = false;
  } else if (version == "HTTP/1.0") {
    head.http_1_0 = true;
  } else if (version.starts_with("HTTP/")) {
    return {505, "only HTTP/1.1 and HTTP/1.0 are served"};
  } else {
    return {400, "the first line must end with HTTP/1.1"};
  }
  return take_target(line.substr(first + 1, last - first - 1), head);
}

HeadProblem take_header(std::string_view line, RequestHead& head) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return {400, "a header line must be: name: value"};
  }
  const std::string_view value = trim(line.substr(colon + 1));
  const bool clean = std::all_of(value.begin(), value.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
  });
  if (!clean) {
    return {400, "a header value holds a control character"};
  }
  if (head.headers.size() == kMaxHeaders) {
    return {431, "more than 100 headers"};
  }
  head.headers.emplace_back(line.substr(0, colon), value);
  return {};
}

/// What the headers say about the message itself: body, connection, expectations.
class Meaning {
 public:
  explicit Meaning(RequestHead& head) : head_(head) {}

  HeadProblem read() {
    head_.keep_alive = !head_.http_1_0;
    for (const auto& [name, value] : head_.headers) {
      if (const HeadProblem problem = one(name, value); problem.status != 0) {
        return problem;
      }
    }
    if (chunked_ && length_) {
      return {400, "Content-Length and Transfer-Encoding exclude each other"};
    }
    if (chunked_ && head_.http_1_0) {
      return {400, "HTTP/1.0 has no Transfer-Encoding"};
    }
    if (hosts_ > 1 || (hosts_ == 0 && !head_.http_1_0)) {
      return {400, "HTTP/1.1 needs exactly one Host header"};
    }
    if (chunked_) {
      head_.framing = BodyFraming::kChunked;
    } else if (length_ && *length_ > 0) {
      head_.framing = BodyFraming::kLength;
      head_.content_length = *length_;
    }
    return {};
  }

 private:
  HeadProblem one(std::string_view name, std::string_view value) {
    // The switch on the length keeps the comparisons off the hot path.
    switch (name.size()) {
      case 4:
        hosts_ += same_name(name, "host") ? 1 : 0;
        return {};
      case 6:
        return same_name(name, "expect") ? expectation(value) : HeadProblem{};
      case 10:
        if (same_name(name, "connection")) {
          if (lists(value, "close")) {
            head_.keep_alive = false;
          } else if (head_.http_1_0 && lists(value, "keep-alive")) {
            head_.keep_alive = true;
          }
        }
        return {};
      case 14:
        return same_name(name, "content-length") ? content_length(value) : HeadProblem{};
      case 17:
        return same_name(name, "transfer-encoding") ? transfer_encoding(value) : HeadProblem{};
      default:
        return {};
    }
  }

  HeadProblem expectation(std::string_view value) {
    if (!same_name(value, "100-continue")) {
      return {417, "the only expectation that is met is 100-continue"};
    }
    head_.expect_continue = !head_.http_1_0;
    return {};
  }

  HeadProblem content_length(std::string_view value) {
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
    if (value.empty() || error != std::errc() || end != value.data() + value.size()) {
      return {400, "Content-Length is not a whole number"};
    }
    if (length_ && *length_ != length) {
      return {400, "two Content-Length headers differ"};
    }
    length_ = length;
    return {};
  }

  HeadProblem transfer_encoding(std::string_view value) {
    if (!same_name(value, "chunked") || chunked_) {
      return {501, "the only Transfer-Encoding that is understood is chunked"};
    }
    chunked_ = true;
    return {};
  }

  RequestHead& head_;
  std::optional<std::uint64_t> length_;
  bool chunked_ = false;
  int hosts_ = 0;
};

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view RequestHead::header(std::string_view name) const {
  for (const auto& [each, value] : headers) {
    if (same_name(each, name)) {
      return value;
    }
  }
  return {};
}

HeadState parse_request_head(std::string_view bytes, RequestHead& head, HeadProblem& problem) {
  std::size_t at = 0;
  // Empty lines before a request are leftovers of sloppy clients (RFC 9112 section 2.2).
  while (bytes.substr(at).starts_with("\r\n") && at < 8) {
    at += 2;
  }
  head.headers.clear();
  head.framing = BodyFraming::kNone;
  head.content_length = 0;
  head.expect_continue = false;

  const auto refuse = [&](HeadProblem why) {
    problem = why;
    return HeadState::kRefused;
  };
  const std::string_view limited = bytes.substr(0, kMaxHeadBytes);
  const auto line = take_line(limited, at);
  if (!line) {
    return bytes.size() < kMaxHeadBytes ? HeadState::kIncomplete
                                        : refuse({414, "the request line is too long"});
  }
  if (const HeadProblem wrong = take_request_line(*line, head); wrong.status != 0) {
    return refuse(wrong);
  }
  while (true) {
    const auto next = take_line(limited, at);
    if (!next) {
      return bytes.size() < kMaxHeadBytes ? HeadState::kIncomplete
                                          : refuse({431, "the headers are larger than 16 KiB"});
    }
    if (next->empty()) {
      break;
    }
    if (const HeadProblem wrong = take_header(*next, head); wrong.status != 0) {
      return refuse(wrong);
    }
  }
  head.bytes = at;
  if (const HeadProblem wrong = Meaning(head).read(); wrong.status != 0) {
    return refuse(wrong);
  }
  return HeadState::kComplete;
}

}  // namespace aev::http
