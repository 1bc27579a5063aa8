#include "hub_fixture.h"

#include <simdjson.h>

namespace aev::websocket::testing {
namespace {

/// Raw events over FakeEvents that outlive them.
std::vector<aev_event> raw_of(const std::vector<const sdk::FakeEvent*>& events,
                              std::uint32_t flags) {
  std::vector<aev_event> raw;
  for (const sdk::FakeEvent* event : events) {
    aev_event one{};
    one.seq = event->seq;
    one.time_unix_ns = one.received_unix_ns = event->time_unix_ns;
    one.id = sdk::str(event->id);
    one.event_type = sdk::str(event->event_type);
    one.debate_id = sdk::str(event->debate_id);
    one.content_type = sdk::str(event->content_type);
    one.data = {event->data.data(), event->data.size()};
    one.attempt = 1;
    one.flags = flags;
    raw.push_back(one);
  }
  return raw;
}

}  // namespace

HubFixture::HubFixture(const std::string& config)
    : options(parse_options(config)),
      history(
          [this](const sdk::HistoryRequest& request,
                 std::function<void(const sdk::Status&, const sdk::HistoryPage*)> read) {
            ++reads;
            open_reads_.push_back({std::string(request.debate_id), request.after_seq,
                                   request.max_events, std::move(read)});
            return sdk::Status{};
          },
          [this](std::function<void()> task) { tasks_.push_back(std::move(task)); }),
      hub(options, history, [] { return 1000.0; }) {}

std::uint64_t HubFixture::append(const std::string& debate, const std::string& type) {
  const std::uint64_t seq = log.empty() ? 1 : log.rbegin()->first + 1;
  sdk::FakeEvent event;
  event.seq = seq;
  event.id = "e" + std::to_string(seq);
  event.event_type = type;
  event.debate_id = debate;
  log.emplace(seq, std::move(event));
  return seq;
}

void HubFixture::deliver(const std::vector<std::uint64_t>& seqs, std::uint32_t flags) {
  std::vector<const sdk::FakeEvent*> events;
  for (const std::uint64_t seq : seqs) {
    events.push_back(&log.at(seq));
  }
  const std::vector<aev_event> raw = raw_of(events, flags);
  const aev_batch batch{sizeof(aev_batch),
                        sizeof(aev_event),
                        next_batch_++,
                        0,
                        raw.data(),
                        static_cast<std::uint32_t>(raw.size()),
                        0};
  std::vector<std::uint32_t> skipped;
  hub.deliver(sdk::Batch(sdk::Host(nullptr), &batch), skipped);
}

std::shared_ptr<FakeClient> HubFixture::connect(const UpgradeRequest& request) {
  auto client = std::make_shared<FakeClient>(next_client_++);
  hub.add(client, now);
  hub.opened(*client, request, now);
  return client;
}

std::shared_ptr<FakeClient> HubFixture::listen(const std::string& debate) {
  UpgradeRequest request;
  request.stream = true;
  request.debate_id = debate;
  auto client = connect(request);
  settle({client});
  return client;
}

void HubFixture::say(FakeClient& client, const std::string& text) {
  hub.received(client, text, now);
}

void HubFixture::disconnect(FakeClient& client) {
  hub.closed(client);
}

bool HubFixture::read_one(FakeClient& client) {
  if (!client.writing) {
    return false;
  }
  client.received.push_back(client.in_flight->text);
  const std::size_t bytes = client.in_flight->text.size();
  client.in_flight = nullptr;
  client.writing = false;
  hub.sent(client, bytes);
  if (!client.writing && !client.outbox.empty()) {
    client.start_write();
  }
  return true;
}

bool HubFixture::answer_read() {
  if (open_reads_.empty()) {
    return false;
  }
  const OpenRead open = std::move(open_reads_.front());
  open_reads_.pop_front();
  if (!next_read.ok()) {
    open.read(std::exchange(next_read, {}), nullptr);
    return true;
  }
  aev_history_page page{};
  page.struct_size = sizeof page;
  page.event_stride = sizeof(aev_event);
  page.first_seq = log.empty() ? 0 : log.begin()->first;
  page.last_seq = log.empty() ? 0 : log.rbegin()->first;
  page.scanned_seq = std::max(open.after_seq, page.last_seq);
  page.flags = AEV_HISTORY_END;
  std::vector<const sdk::FakeEvent*> found;
  for (auto at = log.upper_bound(open.after_seq); at != log.end(); ++at) {
    if (!open.debate_id.empty() && at->second.debate_id != open.debate_id) {
      continue;
    }
    if (found.size() == open.max_events) {
      page.scanned_seq = found.back()->seq;
      page.flags = 0;
      break;
    }
    found.push_back(&at->second);
  }
  const std::vector<aev_event> raw = raw_of(found, 0);
  page.events = raw.data();
  page.count = static_cast<std::uint32_t>(raw.size());
  const sdk::HistoryPage view(&page);
  open.read({}, &view);
  return true;
}

bool HubFixture::run_task() {
  if (tasks_.empty()) {
    return false;
  }
  const auto task = std::move(tasks_.front());
  tasks_.pop_front();
  task();
  return true;
}

void HubFixture::settle(const std::vector<std::shared_ptr<FakeClient>>& readers) {
  bool busy = true;
  while (busy) {
    busy = run_task() || answer_read();
    for (const auto& client : readers) {
      while (read_one(*client)) {
        busy = true;
      }
    }
  }
}

std::vector<std::uint64_t> HubFixture::seqs(const FakeClient& client) {
  std::vector<std::uint64_t> out;
  simdjson::dom::parser parser;
  const auto take = [&](const simdjson::dom::element& message) {
    std::uint64_t seq = 0;
    if (message["seq"].get(seq) == simdjson::SUCCESS) {
      out.push_back(seq);
    }
  };
  for (const std::string& text : client.received) {
    const simdjson::dom::element root = parser.parse(text);
    simdjson::dom::array list;
    if (root.get(list) == simdjson::SUCCESS) {
      for (const simdjson::dom::element each : list) {
        take(each);
      }
    } else {
      take(root);
    }
  }
  return out;
}

std::vector<std::string> HubFixture::of_type(const FakeClient& client, const std::string& type) {
  std::vector<std::string> out;
  for (const std::string& text : client.received) {
    if (text.starts_with("{\"type\":\"" + type + "\"")) {
      out.push_back(text);
    }
  }
  return out;
}

}  // namespace aev::websocket::testing
