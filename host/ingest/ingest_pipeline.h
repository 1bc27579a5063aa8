#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/metrics.h"
#include "http/message.h"
#include "ingest/event_decoder.h"
#include "ingest/ingest_answer.h"
#include "ingest/ingest_handler.h"
#include "ingest/media_type.h"
#include "ingest/security_report.h"

namespace aev::ingest {

/// Metric handles of ingest, made once.
struct IngestMetrics {
  explicit IngestMetrics(Metrics& metrics);

  /// Counts a refusal of the kind.
  void rejected(const EventProblem& problem) const;
  void rejected(const Error& error) const;

  Counter events[5];  ///< by Format
  Counter duplicates;
  Counter bytes;
  Counter malformed;
  Counter invalid;
  Counter not_an_event;
  Counter too_large;
  Counter unsupported;
  Counter busy;
  Counter full;
  Counter io;
  Histogram seconds;
};

/// Buffers that a thread keeps from request to request. Confined to one thread.
struct Workspace {
  EventDecoder decoder;
  SecurityReportReader reports;
  std::vector<events::RoutedEvent> batch;
  IngestAnswer answer;
};

/// One request on its way from the exchange to the store. Confined to one thread.
class IngestPipeline {
 public:
  IngestPipeline(const IngestParts& parts,
                 const IngestMetrics& metrics,
                 Workspace& work,
                 http::Exchange& exchange,
                 Format format,
                 bool partial);

  /// Answers the exchange.
  void run();
  /// The same for a body that is a security report.
  void run_report(SecurityReport report);

 private:
  void run_document();
  void run_lines();
  void run_binary();
  /// Stores the one event of a request, or refuses it.
  void take_one(EventDecoder::Item item);
  void add(events::EventRef event);
  /// The item, or what the schema of its type says against it.
  [[nodiscard]] EventDecoder::Item judged(EventDecoder::Item item) const;
  /// Appends the batch and counts it; empties it whatever happens.
  Result<void> append_batch();
  void accept();
  void refuse(const EventProblem& problem, std::uint64_t index, std::string_view extra = {});
  void refuse(const Error& error, std::string_view extra = {});
  /// `"line":n,"accepted":n,"duplicates":n` for a stream that ends at `line`.
  [[nodiscard]] std::string stream_members(std::uint64_t line) const;

  const IngestParts& parts_;
  const IngestMetrics& metrics_;
  Workspace& work_;
  http::Exchange& exchange_;
  const Format format_;
  const bool partial_;
  const IngestLimits limits_;
  const std::shared_ptr<const routing::Router> router_;
  const std::shared_ptr<const SchemaRules> schemas_;
};

}  // namespace aev::ingest
