#include "ingest/ingest_handler.h"

#include <chrono>
#include <string>
#include <utility>

#include "ingest/ingest_pipeline.h"
#include "ingest/media_type.h"
#include "ingest/security_report.h"

namespace aev::ingest {
namespace {

constexpr std::string_view kPath = "/v1/events";

void find_ce(void* context, std::string_view name, std::string_view) {
  if (name.size() > 3 && (name[0] | 0x20) == 'c' && (name[1] | 0x20) == 'e' && name[2] == '-') {
    *static_cast<bool*>(context) = true;
  }
}

bool asks_for_partial(std::string_view query) {
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view one = query.substr(0, end);
    if (one == "partial=true" || one == "partial=1" || one == "partial") {
      return true;
    }
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
  }
  return false;
}

/// The thread's own buffers: a connection keeps its thread, so they serve request after request.
Workspace& workspace() {
  thread_local Workspace instance;
  return instance;
}

}  // namespace

struct IngestHandler::Impl {
  explicit Impl(IngestParts given) : parts(std::move(given)), metrics(parts.metrics) {}

  void refuse_unsupported(http::Exchange& exchange, std::string detail) const {
    const Error error{ErrorCode::kUnsupported, std::move(detail), {}};
    metrics.rejected(error);
    exchange.respond(http::problem_response(error));
  }

  const IngestParts parts;
  const IngestMetrics metrics;
};

IngestHandler::IngestHandler(IngestParts parts) : impl_(std::make_unique<Impl>(std::move(parts))) {}

IngestHandler::~IngestHandler() = default;

void IngestHandler::handle(http::Exchange& exchange) {
  const auto report = security_report_of(exchange.path());
  if (exchange.path() != kPath && !report) {
    exchange.respond(
        http::problem_response(Error{ErrorCode::kNotFound,
                                     "events are posted to " + std::string(kPath) +
                                         ", security reports to /v1/security/auth-failures and "
                                         "/v1/security/suspicious-activity",
                                     {}}));
    return;
  }
  if (exchange.method() != "POST") {
    http::Response response =
        http::problem_response(405, "Method not allowed", "events are taken by POST");
    response.headers["Allow"] = "POST";
    exchange.respond(response);
    return;
  }
  const MonoTime begin = impl_->parts.clock.mono_now();
  const std::string_view encoding = exchange.header("content-encoding");
  const std::string_view type = exchange.header("content-type");
  bool has_ce_headers = false;
  exchange.each_header(find_ce, &has_ce_headers);
  const auto format = format_of(type, has_ce_headers);
  if (!encoding.empty() && encoding != "identity") {
    impl_->refuse_unsupported(exchange, "Content-Encoding '" + std::string(encoding) +
                                            "' is not understood: send the body as it is");
  } else if (!format) {
    impl_->refuse_unsupported(
        exchange, (type.empty() ? std::string("Content-Type is missing: ")
                                : "Content-Type '" + std::string(type) + "' is not understood: ") +
                      std::string(kKnownTypes));
  } else if (report && *format != Format::kJson) {
    impl_->refuse_unsupported(exchange, "a security report is one object of application/json");
  } else if (report) {
    IngestPipeline(impl_->parts, impl_->metrics, workspace(), exchange, Format::kJson, false)
        .run_report(*report);
  } else {
    IngestPipeline(impl_->parts, impl_->metrics, workspace(), exchange, *format,
                   asks_for_partial(exchange.query()))
        .run();
  }
  const std::chrono::duration<double> took = impl_->parts.clock.mono_now() - begin;
  impl_->metrics.seconds.observe(took.count());
}

}  // namespace aev::ingest
