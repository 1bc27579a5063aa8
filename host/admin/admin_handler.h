#pragma once

#include "admin/admin_api.h"
#include "http/message.h"

namespace aev::admin {

/// Reads path, query and JSON body of an exchange for the AdminApi and sends its answer. Members of
/// a JSON body count as parameters, so that filters may stand in either. Thread-safe.
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

/// Splits and decodes path and query. kInvalid where they are malformed.
[[nodiscard]] Result<ApiRequest> parse_request(std::string_view method,
                                               std::string_view path,
                                               std::string_view query);

/// Adds the members of a JSON object to the parameters: texts as they are, other values as JSON
/// text.
[[nodiscard]] Result<void> merge_body(std::string_view body, ApiRequest& request);

}  // namespace aev::admin
