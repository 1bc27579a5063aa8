#include "routing/wildcard.h"

namespace aev::routing {

Result<Wildcard> Wildcard::compile(std::string_view pattern) {
  Wildcard out;
  out.pieces_.emplace_back();
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '*') {
      if (i > 0 && out.pieces_.back().empty() && out.pieces_.size() > 1) {
        return Error{ErrorCode::kInvalid, "two `*` in a row mean no more than one", {}};
      }
      out.pieces_.emplace_back();
    } else if (pattern[i] == '\\') {
      if (i + 1 == pattern.size() || (pattern[i + 1] != '*' && pattern[i + 1] != '\\')) {
        return Error{ErrorCode::kInvalid, "only `\\*` and `\\\\` are escapes", {}};
      }
      ++i;
      out.pieces_.back() += pattern[i];
    } else {
      out.pieces_.back() += pattern[i];
    }
  }
  return out;
}

bool Wildcard::matches(std::string_view text) const {
  const std::string& first = pieces_.front();
  if (pieces_.size() == 1) {
    return text == first;
  }
  const std::string& last = pieces_.back();
  if (text.size() < first.size() + last.size() || !text.starts_with(first) ||
      !text.ends_with(last)) {
    return false;
  }
  text = text.substr(first.size(), text.size() - first.size() - last.size());
  // Between the fixed ends, the leftmost place of each piece leaves the most room for the next.
  for (std::size_t i = 1; i + 1 < pieces_.size(); ++i) {
    const std::size_t at = text.find(pieces_[i]);
    if (at == std::string_view::npos) {
      return false;
    }
    text.remove_prefix(at + pieces_[i].size());
  }
  return true;
}

}  // namespace aev::routing
