#include "routing/wildcard.h"

#include <cstring>

namespace aev::routing {

Result<Wildcard> Wildcard::compile(std::string_view pattern) {
  Wildcard out;
  out.pieces_.emplace_back();
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '*') {
      if (i > 0 && out.pieces_.back().empty() && out.pieces_.size() > 1) {
        return Error{
            ErrorCode::kInvalid,
            "two `*` in a row mean no more than one; write a single `*`, or `\\\\*` for a star",
            {}};
      }
      out.pieces_.emplace_back();
    } else if (pattern[i] == '\\') {
      if (i + 1 == pattern.size() || (pattern[i + 1] != '*' && pattern[i + 1] != '\\')) {
        return Error{ErrorCode::kInvalid,
                     "only `\\*` and `\\\\` are escapes; write `\\\\` for a backslash",
                     {}};
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
  for (std::size_t i = 1; i + 1 < pieces_.size(); ++i) {
    // Unlike string_view::find, memmem is linear in the worst case too.
    const void* const found =
        ::memmem(text.data(), text.size(), pieces_[i].data(), pieces_[i].size());
    if (found == nullptr) {
      return false;
    }
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
    text.remove_prefix(at + pieces_[i].size());
  }
  return true;
}

}  // namespace aev::routing
