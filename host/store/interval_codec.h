#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "store/delivery_records.h"

namespace aev::store {

/// The settled ranges above a cursor as bytes: gaps and lengths as LEB128, from the cursor upwards.
[[nodiscard]] std::string encode_ranges(Seq cursor, const std::vector<SeqRange>& ranges);
[[nodiscard]] Result<std::vector<SeqRange>> decode_ranges(Seq cursor, std::string_view bytes);

}  // namespace aev::store
