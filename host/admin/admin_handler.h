#pragma once

#include "admin/admin_api.h"
#include "http/message.h"

namespace aev::admin {

/// Body of a call to the API at most.
inline constexpr std::size_t kMaxApiBodyBytes = 1u << 20;

/// Reads path, query and JSON body of an exchange for the AdminApi and sends its answer. Members of
/// a JSON body count as parameters, so that filters may stand in either. Thread-safe; blocks as the
/// API does.
class AdminHandler final : public http::Handler {
 public:
  /// `api` outlives this object.
  explicit AdminHandler(AdminApi& api) : api_(api) {}

  void handle(http::Exchange& exchange) override;

 private:
  AdminApi& api_;
};

/// Percent-decodes once, `+` as a space if `plus`; false when a `%` is not followed by two hex
/// digits.
[[nodiscard]] bool percent_decode(std::string_view text, bool plus, std::string& decoded);

/// Splits and decodes path and query; HEAD is read as GET. kInvalid where they are malformed, not
/// UTF-8, or give a parameter twice (else the last would silently win over a narrower filter).
[[nodiscard]] Result<ApiRequest> parse_request(std::string_view method,
                                               std::string_view path,
                                               std::string_view query);

/// Adds the members of a JSON object to the parameters: texts as they are, other values as JSON
/// text, null not at all. kInvalid for what is no JSON object or stands in the query already.
[[nodiscard]] Result<void> merge_body(std::string_view body, ApiRequest& request);

}  // namespace aev::admin
