#pragma once

#include "answer_table.h"
#include "queries.h"
#include "rebuild.h"

namespace aev::analytics {

/// How the subscriber stands: what was counted, how large the file is, how a rebuild goes.
void query_status(const QueryContext& context,
                  const RebuildProgress& rebuild,
                  std::string_view parameters,
                  sdk::Answer& answer);

/// A rebuild as `status` and `rebuild` show it.
[[nodiscard]] Poco::JSON::Object::Ptr rebuild_object(const RebuildProgress& progress);

}  // namespace aev::analytics
