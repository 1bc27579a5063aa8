#include "log_identity.h"

#include <random>

namespace aev::analytics {
namespace {

constexpr std::string_view kStateKey = "log_id";
/// For a host that keeps no state: then there is but one log.
constexpr const char* kOnlyLog = "the only log";

std::string random_name() {
  constexpr char kDigits[] = "0123456789abcdef";
  std::random_device random;
  std::string name;
  for (int i = 0; i < 4; ++i) {
    for (std::uint32_t word = random(), k = 0; k < 8; ++k, word >>= 4) {
      name += kDigits[word & 15];
    }
  }
  return name;
}

}  // namespace

LogIdentity::LogIdentity(sdk::Host host, Rollup& rollup, Post post)
    : host_(host), rollup_(rollup), post_(std::move(post)) {}

void LogIdentity::ask() {
  failed_ = false;
  const auto name = replaced_ ? std::nullopt : host_.state(kStateKey);
  if (!name) {
    begin_log();
    return;
  }
  if (!rollup_.knows_log(*name)) {
    host_.log(AEV_LOG_WARNING,
              "the analytics file does not know this host's log: it counts from now on; the query "
              "`rebuild` counts what the log still holds",
              {{"file", rollup_.database().file()}});
  }
  rollup_.use_log(*name, host_.subscriber_name());
  look_at_log();
}

void LogIdentity::begin_log() {
  if (host_.extension(AEV_EXT_STATE) == nullptr) {
    rollup_.use_log(kOnlyLog, host_.subscriber_name());
    known_ = true;
    return;
  }
  const std::string name = random_name();
  rollup_.use_log(name, host_.subscriber_name());
  if (rollup_.other_logs() != 0) {
    host_.log(AEV_LOG_WARNING,
              "the host's log is a new one: its events are added to the figures of an earlier log",
              {{"file", rollup_.database().file()}});
  }
  // Not before it is durable: after a crash the file must be recognised.
  const sdk::Status asked = host_.set_state(kStateKey, name, [this](const sdk::Status& status) {
    post_([this, ok = status.ok()] {
      known_ = ok;
      failed_ = !ok;
    });
  });
  failed_ = !asked.ok();
}

void LogIdentity::look_at_log() {
  const std::uint64_t highest = rollup_.place().highest;
  if (highest == 0) {
    known_ = true;
    return;
  }
  sdk::HistoryRequest request;
  request.after_seq = highest - 1;
  request.upto_seq = highest;
  request.max_events = 1;
  request.all = true;
  const sdk::Status asked =
      host_.read_history(request, [this](const sdk::Status& status, const sdk::HistoryPage* page) {
        Finding finding;
        finding.ok = status.ok();
        if (page != nullptr) {
          finding.first_seq = page->first_seq();
          finding.last_seq = page->last_seq();
          finding.event_at_highest = page->size() == 0 ? std::string() : (*page)[0].id();
        }
        post_([this, finding = std::move(finding)] { take(finding); });
      });
  known_ = asked.code == AEV_E_UNSUPPORTED;
  failed_ = !asked.ok() && !known_;
}

void LogIdentity::take(const Finding& finding) {
  failed_ = true;  // until all has gone well
  if (!finding.ok) {
    return;
  }
  const LogPlace& place = rollup_.place();
  if (finding.last_seq < place.highest) {
    host_.log(
        AEV_LOG_WARNING,
        "the host's log was put back to an earlier state: events that it has lost stay in the "
        "figures, those that follow are added",
        {{"counted_upto", std::to_string(place.highest)},
         {"log_ends_at", std::to_string(finding.last_seq)}});
    rollup_.cut_log(finding.last_seq);
  } else if (!finding.event_at_highest.empty() && !place.highest_event.empty() &&
             finding.event_at_highest != place.highest_event) {
    host_.log(AEV_LOG_WARNING,
              "the host's log has other events than were counted: it is taken for a new one",
              {{"seq", std::to_string(place.highest)}});
    replaced_ = true;
    begin_log();
    return;
  } else {
    rollup_.raise_floor(finding.first_seq);
  }
  known_ = true;
  failed_ = false;
}

}  // namespace aev::analytics
