#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "digest.h"

namespace aev::security {

/// The audit trail's format.
///
///   entry n    `body`: a JSON object whose first member is "entry":n. These bytes are the
///   canonical
///              ones: nothing is parsed or reordered before hashing.
///   hash n     SHA-256(hash n-1, then body); hash 0 is SHA-256("aragora-audit-v1\n", then the id
///   of
///              the trail)
///   checkpoint an Ed25519 signature over checkpoint_message(), which names trail, entry and hash
[[nodiscard]] Hash first_hash(std::string_view trail_id);

[[nodiscard]] std::string checkpoint_message(std::string_view trail_id,
                                             std::uint64_t entry,
                                             std::int64_t at_unix_ns,
                                             std::string_view hash);

/// A checkpoint as one line of JSON, to keep elsewhere.
[[nodiscard]] std::string checkpoint_json(std::string_view trail_id,
                                          std::uint64_t entry,
                                          std::int64_t at_unix_ns,
                                          std::string_view hash,
                                          std::string_view signature);

/// A checkpoint that somebody kept. Throws std::invalid_argument if `json` is none.
struct SavedCheckpoint {
  std::string trail_id;
  std::uint64_t entry = 0;
  std::int64_t at_unix_ns = 0;
  std::string hash;
  std::string signature;
};

[[nodiscard]] SavedCheckpoint parse_checkpoint(std::string_view json);

}  // namespace aev::security
