#include "ingest/media_type.h"

#include <algorithm>
#include <string>

namespace aev::ingest {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  return out;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
    text.remove_suffix(1);
  }
  return text;
}

/// True unless the parameters name a charset that is not UTF-8 (or ASCII, its subset).
bool utf8_charset(std::string_view parameters) {
  constexpr std::string_view kCharset = "charset=";
  const std::size_t at = parameters.find(kCharset);
  if (at == std::string_view::npos) {
    return true;
  }
  std::string_view charset = parameters.substr(at + kCharset.size());
  charset = trim(charset.substr(0, charset.find(';')));
  if (charset.size() >= 2 && charset.front() == '"' && charset.back() == '"') {
    charset = charset.substr(1, charset.size() - 2);
  }
  return charset == "utf-8" || charset == "utf8" || charset == "us-ascii";
}

}  // namespace

std::string_view to_string(Format format) {
  switch (format) {
    case Format::kJson:
      return "json";
    case Format::kNdjson:
      return "ndjson";
    case Format::kCloudEvent:
      return "cloudevent";
    case Format::kCloudEventBatch:
      return "cloudevent_batch";
    case Format::kCloudEventBinary:
      return "cloudevent_binary";
  }
  return "json";
}

std::optional<Format> format_of(std::string_view content_type, bool has_ce_headers) {
  if (content_type == "application/json" && !has_ce_headers) {
    return Format::kJson;  // the hot path, without a copy
  }
  const std::string whole = lower(content_type);
  const std::size_t semicolon = whole.find(';');
  const std::string_view type = trim(std::string_view(whole).substr(0, semicolon));
  const std::string_view parameters = semicolon == std::string::npos
                                          ? std::string_view()
                                          : std::string_view(whole).substr(semicolon);
  const bool utf8 = utf8_charset(parameters);
  // Batched before structured: the one name begins with the other.
  if (type.starts_with("application/cloudevents-batch")) {
    return type == "application/cloudevents-batch+json" && utf8
               ? std::optional(Format::kCloudEventBatch)
               : std::nullopt;
  }
  if (type.starts_with("application/cloudevents")) {
    return type == "application/cloudevents+json" && utf8 ? std::optional(Format::kCloudEvent)
                                                          : std::nullopt;
  }
  if (has_ce_headers) {
    return Format::kCloudEventBinary;
  }
  if (!utf8) {
    return std::nullopt;
  }
  if (type == "application/json") {
    return Format::kJson;
  }
  if (type == "application/x-ndjson" || type == "application/ndjson" ||
      type == "application/jsonl" || type == "application/x-jsonlines") {
    return Format::kNdjson;
  }
  return std::nullopt;
}

}  // namespace aev::ingest
