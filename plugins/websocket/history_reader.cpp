#include "history_reader.h"

namespace aev::websocket {

void HistoryReader::read(Request request, Visit visit, Done done) {
  if (!closed_) {
    waiting_.push_back({std::move(request), std::move(visit), std::move(done)});
    pump();
  }
}

void HistoryReader::close() {
  closed_ = true;
  waiting_.clear();
}

void HistoryReader::pump() {
  while (open_ < kAtOnce && !waiting_.empty()) {
    // Shared, because it is wanted again here if the host has no room.
    auto next = std::make_shared<Waiting>(std::move(waiting_.front()));
    waiting_.pop_front();
    sdk::HistoryRequest request;
    request.debate_id = next->request.debate_id;
    request.after_seq = next->request.after_seq;
    request.max_events = next->request.max_events;
    request.max_bytes = next->request.max_bytes;
    const sdk::Status taken =
        source_(request, [next, post = post_, self = std::weak_ptr<HistoryReader*>(self_)](
                             const sdk::Status& status, const sdk::HistoryPage* page) {
          auto result = std::make_shared<PageResult>();
          result->status = status;
          if (page != nullptr) {
            for (std::uint32_t i = 0; i < page->size(); ++i) {
              next->visit((*page)[i], result->frames);
            }
            result->scanned_seq = page->scanned_seq();
            result->first_seq = page->first_seq();
            result->last_seq = page->last_seq();
            result->at_end = page->at_end();
          }
          post([next, result, self] {
            if (const auto reader = self.lock()) {
              (*reader)->finished(next->done, std::move(*result));
            }
          });
        });
    if (taken.code == AEV_BUSY) {
      waiting_.push_front(std::move(*next));
      return;
    }
    ++open_;
    if (!taken.ok()) {
      PageResult refused;
      refused.status = taken;
      post_([done = next->done, refused, self = std::weak_ptr<HistoryReader*>(self_)] {
        if (const auto reader = self.lock()) {
          (*reader)->finished(done, refused);
        }
      });
    }
  }
}

void HistoryReader::finished(const Done& done, PageResult result) {
  --open_;
  if (!closed_) {
    done(std::move(result));
    pump();
  }
}

}  // namespace aev::websocket
