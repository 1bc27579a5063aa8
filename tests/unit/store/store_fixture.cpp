#include "store_fixture.h"

#include <cstdlib>
#include <future>

#include <catch2/catch.hpp>

namespace aev::store {

StoreFixture::StoreFixture() {
  const char* const base = std::getenv("TMPDIR");
  std::string name =
      std::string(base == nullptr ? "/tmp" : base) + "/aev-store-" + std::string(6, 'X');
  REQUIRE(mkdtemp(name.data()) != nullptr);
  folder = name;
  options.directory = folder / "data";
  open();
}

StoreFixture::~StoreFixture() {
  store.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

void StoreFixture::open() {
  auto opened = Store::open(options, clock, metrics, Logger(log, "store"));
  if (!opened) {
    FAIL(opened.error().message);
  }
  store = std::move(*opened);
}

RoutedEvent StoreFixture::event(const std::string& id,
                                std::vector<SubscriberId> targets,
                                const std::string& data,
                                const std::string& event_type,
                                const std::string& debate_id) const {
  const events::Attribute attributes[] = {{"round", "3"}, {"agent", "\"a\""}};
  events::EventFields fields;
  fields.id = id;
  fields.event_type = event_type;
  fields.debate_id = debate_id;
  fields.source = "test";
  fields.data = data;
  fields.time_unix_ns = 1'700'000'000'000'000'001;
  fields.received_unix_ns = clock.unix_now_ns();
  fields.attributes = attributes;
  return {events::Event::create(fields), events::TargetSet::create(std::move(targets))};
}

Seq StoreFixture::append(const RoutedEvent& routed) {
  const auto outcome = store->append(std::span(&routed, 1));
  if (!outcome) {
    FAIL(outcome.error().message);
  }
  return outcome->items.at(0).seq;
}

void StoreFixture::apply(DeliveryChanges changes) {
  std::promise<void> done;
  store->apply(std::move(changes), [&] { done.set_value(); });
  done.get_future().wait();
}

}  // namespace aev::store
