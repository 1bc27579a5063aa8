#include <limits>
#include <string>
#include <vector>

#include "answer_table.h"
#include "database.h"
#include "queries.h"
#include "query_parameters.h"
#include "rollup_file.h"

namespace aev::analytics {
namespace {

/// Whole buckets, in Unix seconds: what a period comes to at a granularity.
struct Buckets {
  Granularity granularity = Granularity::kHour;
  std::optional<std::int64_t> first;
  std::optional<std::int64_t> end;
};

Buckets buckets_of(const QueryParameters& parameters, const QueryContext& context) {
  const std::string name = parameters.choice("granularity", {"hour", "minute", "day"});
  Buckets out;
  for (const Granularity each : kGranularities) {
    out.granularity = name_of(each) == name ? each : out.granularity;
  }
  const Period period = parameters.period(context.now_ns);
  const std::int64_t width = seconds_of(out.granularity);
  if (period.since_ns) {
    out.first = bucket_of(seconds_of_ns(*period.since_ns), width);
  }
  if (period.until_ns) {
    // A bucket that has begun before the end counts as a whole.
    out.end = bucket_of(seconds_of_ns(*period.until_ns - 1), width) + width;
  }
  const auto kept =
      context.options.retention.first_bucket(out.granularity, seconds_of_ns(context.now_ns));
  if (kept && (!out.first || *out.first < *kept)) {
    out.first = kept;
  }
  return out;
}

std::optional<std::int64_t> ns(std::optional<std::int64_t> seconds) {
  return seconds ? std::optional(*seconds * kNanosPerSecond) : std::nullopt;
}

struct Grouping {
  bool bucket = false;
  bool name = false;
};

/// By bucket and `name` unless group_by says less.
Grouping grouping_of(const QueryParameters& parameters, std::string_view name) {
  const std::string both = "bucket," + std::string(name);
  const std::string by = parameters.choice("group_by", {both, "bucket", name, "none"});
  return {by == both || by == "bucket", by == both || by == name};
}

/// A table of figures by bucket and name.
struct Source {
  std::string table;
  std::string name;        ///< the column beside the bucket
  std::string shown_name;  ///< what the answer calls it
  std::string extra_filter;
  std::vector<std::string> columns;  ///< that are summed up
};

AnswerTable sums(Database& database,
                 const Source& source,
                 const Buckets& buckets,
                 const Grouping& by,
                 const std::string& only) {
  AnswerTable table;
  std::string keys;
  if (by.bucket) {
    keys = "bucket";
    table.columns.emplace_back("bucket");
  }
  if (by.name) {
    keys += (keys.empty() ? "" : ", ") + source.name;
    table.columns.push_back(source.shown_name);
  }
  std::string select = keys;
  for (const std::string& column : source.columns) {
    select += (select.empty() ? "sum(" : ", sum(") + column + ")";
    table.columns.push_back(column);
  }
  Statement rows =
      database.prepare("SELECT " + select + " FROM " + source.table +
                       " WHERE granularity = ?1 AND bucket >= ?2 AND bucket < ?3 AND (?4 = '' OR " +
                       source.name + " = ?4)" + source.extra_filter +
                       (keys.empty() ? std::string() : " GROUP BY " + keys + " ORDER BY " + keys));
  rows.bind(1, static_cast<std::int64_t>(buckets.granularity))
      .bind(2, buckets.first.value_or(std::numeric_limits<std::int64_t>::min()))
      .bind(3, buckets.end.value_or(std::numeric_limits<std::int64_t>::max()))
      .bind(4, std::string_view(only));
  while (rows.step()) {
    std::vector<Cell>& row = table.rows.emplace_back();
    int column = 0;
    if (by.bucket) {
      row.push_back(time_cell(rows.integer(column++) * kNanosPerSecond));
    }
    if (by.name) {
      row.emplace_back(std::string(rows.text(column++)));
    }
    for (std::size_t i = 0; i < source.columns.size(); ++i) {
      row.emplace_back(rows.integer(column++));  // the sum of no rows reads as 0
    }
  }
  return table;
}

void answer_sums(const QueryContext& context,
                 const QueryParameters& parameters,
                 const Source& source,
                 sdk::Answer& answer) {
  const Buckets buckets = buckets_of(parameters, context);
  const Grouping by = grouping_of(parameters, source.shown_name);
  const bool csv = parameters.csv();
  const auto database = open_for_reading(context.options.file);
  const AnswerTable table =
      sums(*database, source, buckets, by, parameters.text(source.shown_name));
  if (csv) {
    write_csv(table, answer);
    return;
  }
  auto document = new_object();
  document->set("granularity", std::string(name_of(buckets.granularity)));
  document->set("period_start", time_cell(ns(buckets.first)));
  document->set("period_end", time_cell(ns(buckets.end)));
  document->set("rows", table.json());
  write_json(*document, answer);
}

}  // namespace

void query_counts(const QueryContext& context, std::string_view parameters, sdk::Answer& answer) {
  const QueryParameters given(
      parameters, {"granularity", "since", "until", "period", "event_type", "group_by", "format"});
  answer_sums(context, given, {"counts", "event_type", "event_type", "", {"events"}}, answer);
}

void query_activity(const QueryContext& context, std::string_view parameters, sdk::Answer& answer) {
  const QueryParameters given(
      parameters, {"granularity", "since", "until", "period", "agent", "group_by", "format"});
  // A name that was only voted for is no agent's.
  answer_sums(context, given,
              {"agent_counts",
               "name",
               "agent",
               " AND name IN (SELECT name FROM agents)",
               {"messages", "critiques", "votes_cast", "votes_received", "errors"}},
              answer);
}

}  // namespace aev::analytics
