#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit_chain.h"
#include "database.h"
#include "signing_key.h"

namespace aev::security {

/// Something wrong with a trail, and where.
struct AuditProblem {
  std::uint64_t entry = 0;  ///< the first entry that it concerns
  std::string kind;         ///< changed, removed, inserted, moved, unlinked, signature, truncated
  std::string problem;      ///< for people
};

struct AuditReport {
  std::uint64_t entries = 0;
  std::uint64_t first_entry = 0;
  std::uint64_t last_entry = 0;
  std::uint64_t checkpoints = 0;
  std::uint64_t last_checkpoint = 0;
  std::uint64_t problem_count = 0;
  std::vector<AuditProblem> problems;  ///< the first kMostProblems of them
  std::vector<std::string> notes;      ///< what the result does not show
};

inline constexpr std::size_t kMostProblems = 100;

/// Reads a trail from its beginning to its end, in memory of one row, and checks the chain and the
/// signatures. Without `trusted`, the key that the file names is believed, which a note says.
/// `saved` is a checkpoint that was kept elsewhere.
[[nodiscard]] AuditReport verify_audit(Database& database,
                                       const std::optional<PublicKey>& trusted,
                                       const std::optional<SavedCheckpoint>& saved);

}  // namespace aev::security
