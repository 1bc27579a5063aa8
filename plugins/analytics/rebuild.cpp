#include "rebuild.h"

#include <utility>

#include "rollup_file.h"

namespace aev::analytics {
namespace {

constexpr std::uint32_t kPageEvents = 1000;
constexpr std::uint64_t kPageBytes = 8u << 20;

}  // namespace

Rebuild::Rebuild(sdk::Host host, Rollup& live, Retention retention, Post post, Clock unix_now_ns)
    : host_(host),
      live_(live),
      retention_(retention),
      post_(std::move(post)),
      unix_now_ns_(unix_now_ns) {}

RebuildProgress Rebuild::progress() const {
  const std::lock_guard lock(mutex_);
  return progress_;
}

void Rebuild::begin(RebuildOptions options,
                    std::shared_ptr<std::promise<RebuildProgress>> started) {
  if (scratch_) {
    started->set_value(progress());
    return;
  }
  started_ = std::move(started);
  {
    const std::lock_guard lock(mutex_);
    progress_ = {};
    progress_.state = RebuildState::kRunning;
    progress_.options = options;
    progress_.started_ns = unix_now_ns_();
  }
  try {
    scratch_ = std::make_unique<Rollup>(open_scratch(), retention_);
    // The same number as in the live file: facts are ordered by it and the seq.
    scratch_->use_log(live_.place().id, host_.subscriber_name(), live_.place().log);
  } catch (const std::exception& fault) {
    end(RebuildState::kFailed, fault.what());
    return;
  }
  request();
}

void Rebuild::request() {
  wants_retry_ = false;
  const RebuildProgress at = progress();
  sdk::HistoryRequest wanted;
  wanted.after_seq = at.scanned_seq;
  wanted.max_events = kPageEvents;
  wanted.max_bytes = kPageBytes;
  wanted.all = at.options.all;
  const sdk::Status asked =
      host_.read_history(wanted, [this](const sdk::Status& status, const sdk::HistoryPage* read) {
        auto page = std::make_shared<Page>();
        page->status = status;
        if (read != nullptr) {
          page->events = std::make_unique<KeptEvents>(*read);
          page->scanned_seq = read->scanned_seq();
          page->first_seq = read->first_seq();
          page->last_seq = read->last_seq();
          page->at_end = read->at_end();
        }
        post_([this, page = std::move(page)] { take(*page); });
      });
  if (asked.code == AEV_BUSY) {
    wants_retry_ = true;
  } else if (!asked.ok()) {
    end(RebuildState::kFailed, "the host's log cannot be read: " + asked.message);
  }
}

void Rebuild::retry() {
  if (wants_retry_ && scratch_) {
    request();
  }
}

void Rebuild::take(const Page& page) {
  if (!scratch_) {
    return;
  }
  if (page.status.code == AEV_BUSY) {
    wants_retry_ = true;
    return;
  }
  if (!page.status.ok()) {
    end(RebuildState::kFailed, "the host's log cannot be read: " + page.status.message);
    return;
  }
  const bool partial = progress().options.partial;
  if (started_ && !partial && live_.counts_more_than_log(page.first_seq)) {
    end(RebuildState::kRefused,
        "figures come from events that the host's log no longer has (its oldest is seq " +
            std::to_string(page.first_seq) +
            "); a rebuild would lose them. To rebuild from what is left: partial=true");
    return;
  }
  if (!started_ && !partial && page.first_seq > progress().scanned_seq + 1) {
    end(RebuildState::kFailed,
        "the host removed events that had not been read yet; keep them longer "
        "(store.retention.events) or rebuild from what is left: partial=true");
    return;
  }
  try {
    const AppliedGroup group = scratch_->apply(page.events->events(), unix_now_ns_());
    const std::lock_guard lock(mutex_);
    progress_.first_seq = page.first_seq;
    progress_.scanned_seq = page.scanned_seq;
    progress_.last_seq = page.last_seq;
    progress_.events += group.applied;
  } catch (const std::exception& fault) {
    end(RebuildState::kFailed, fault.what());
    return;
  }
  answer();
  if (page.at_end) {
    // From here on nothing is counted but by this rebuild: it can catch up for good.
    holding_ = true;
    if (page.scanned_seq >= live_.place().highest) {
      switch_over(page);
      return;
    }
  }
  request();
}

void Rebuild::switch_over(const Page& page) {
  try {
    // Retention removes events from among those that a dead letter still holds.
    const std::uint64_t lost = live_.counted_beyond(*scratch_, page.first_seq);
    if (lost != 0 && !progress().options.partial) {
      end(RebuildState::kRefused,
          std::to_string(lost) +
              " events that were counted are no longer in the host's log, or were never routed to "
              "this subscriber (all=true counts those); a rebuild would lose them. To rebuild from "
              "what is left: partial=true");
      return;
    }
    scratch_->raise_floor(page.first_seq);
    live_.replace_by(*scratch_);
  } catch (const std::exception& fault) {
    end(RebuildState::kFailed, std::string("the old figures stay: ") + fault.what());
    return;
  }
  end(RebuildState::kDone, "");
}

void Rebuild::end(RebuildState state, const std::string& reason) {
  scratch_.reset();
  holding_ = false;
  wants_retry_ = false;
  std::uint64_t events = 0;
  {
    const std::lock_guard lock(mutex_);
    progress_.state = state;
    progress_.reason = reason;
    progress_.ended_ns = unix_now_ns_();
    events = progress_.events;
  }
  if (state == RebuildState::kDone) {
    host_.log(AEV_LOG_INFO, "the figures have been rebuilt", {{"events", std::to_string(events)}});
  } else {
    host_.log(AEV_LOG_WARNING, "the figures have not been rebuilt", {{"reason", reason}});
  }
  answer();
}

void Rebuild::answer() {
  if (started_) {
    std::exchange(started_, nullptr)->set_value(progress());
  }
}

void Rebuild::abandon() {
  if (scratch_) {
    end(RebuildState::kFailed, "the subscriber was stopped");
  }
}

}  // namespace aev::analytics
