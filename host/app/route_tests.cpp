#include "app/route_tests.h"

#include <algorithm>

#include "app/config_check.h"
#include "app/route_explanation.h"
#include "core/clock.h"
#include "ingest/decode.h"

namespace aev::app {
namespace {

using Names = std::vector<std::string>;

bool contains(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Those of `names` that are not in `others`.
Names without(const Names& names, const Names& others) {
  Names out;
  std::copy_if(names.begin(), names.end(), std::back_inserter(out),
               [&](const auto& name) { return !contains(others, name); });
  return out;
}

void add(Names& into, const Names& more) {
  for (const std::string& name : more) {
    if (!contains(into, name)) {
      into.push_back(name);
    }
  }
}

void compare(const config::RouteTest& test, EventOutcome& outcome) {
  if (test.to) {
    outcome.missing = without(*test.to, outcome.got);
    outcome.unexpected = without(outcome.got, *test.to);
  }
  add(outcome.missing, without(test.includes, outcome.got));
  for (const std::string& name : test.excludes) {
    if (contains(outcome.got, name)) {
      add(outcome.unexpected, {name});
    }
  }
  if (test.routes) {
    outcome.missing_routes = without(*test.routes, outcome.routes);
    outcome.unexpected_routes = without(outcome.routes, *test.routes);
  }
}

/// Of every route that was expected, or would have brought the event to who was.
Names reasons(const EventOutcome& outcome,
              const config::Config& config,
              const events::Event& event) {
  Names out;
  for (const config::RouteConfig& route : config.routes) {
    const bool leads_there =
        std::any_of(route.to.begin(), route.to.end(),
                    [&](const std::string& target) { return contains(outcome.missing, target); });
    if (!leads_there && !contains(outcome.missing_routes, route.name)) {
      continue;
    }
    for (const std::string& reason : explain_mismatch(config, route, event)) {
      out.push_back("route " + route.name + " did not match: " + reason);
    }
  }
  return out;
}

EventOutcome run_event(const config::RouteTest& test,
                       const config::RouteTest::Event& given,
                       const CompiledRoutes& routes) {
  EventOutcome outcome;
  outcome.where = given.where;
  const auto event = ingest::decode_event(given.json, SystemClock().unix_now_ns());
  if (!event) {
    outcome.fault = "this is no event: " + event.error().message;
    return outcome;
  }
  outcome.event_type = (*event)->event_type();
  outcome.got = target_names(routes.config, routes.ids, *routes.router->route(**event).targets);
  std::sort(outcome.got.begin(), outcome.got.end());
  outcome.routes = routes.router->matching_routes(**event);
  compare(test, outcome);
  outcome.reasons = reasons(outcome, routes.config, **event);
  return outcome;
}

void append_lines(std::string& out, const char* before, const Names& names, const char* after) {
  for (const std::string& name : names) {
    out += before + name + after + "\n";
  }
}

void append_diff(std::string& out, const EventOutcome& event) {
  if (!event.fault.empty()) {
    out += "        " + event.fault + "\n";
    return;
  }
  if (!event.missing.empty() || !event.unexpected.empty()) {
    out += "        subscribers:\n";
    append_lines(out, "            ", without(event.got, event.unexpected), "");
    append_lines(out, "          - ", event.missing, "  (expected, does not get it)");
    append_lines(out, "          + ", event.unexpected, "  (gets it, not expected)");
  }
  out += "        routes that match:";
  out += event.routes.empty() && event.missing_routes.empty() ? " none\n" : "\n";
  append_lines(out, "            ", without(event.routes, event.unexpected_routes), "");
  append_lines(out, "          - ", event.missing_routes, "  (expected, does not match)");
  append_lines(out, "          + ", event.unexpected_routes, "  (matches, not expected)");
  append_lines(out, "        ", event.reasons, "");
}

}  // namespace

bool TestOutcome::passed() const {
  return std::all_of(events.begin(), events.end(),
                     [](const EventOutcome& event) { return event.passed(); });
}

TestOutcome run_route_test(const config::RouteTest& test, const CompiledRoutes& routes) {
  TestOutcome outcome{&test, {}};
  for (const config::RouteTest::Event& event : test.events) {
    outcome.events.push_back(run_event(test, event, routes));
  }
  return outcome;
}

void check_tests(const CompiledRoutes& routes, std::vector<config::Problem>& problems) {
  for (const config::RouteTest& test : routes.config.tests) {
    for (const EventOutcome& event : run_route_test(test, routes).events) {
      if (!event.passed()) {
        problems.push_back(
            {event.where, test.path,
             event.fault.empty() ? "fails; `aragora-events test` says why" : event.fault,
             event.fault.empty()});
      }
    }
  }
}

std::string test_report(const TestOutcome& outcome) {
  if (outcome.passed()) {
    return "ok    " + outcome.test->name + "\n";
  }
  std::string out = "FAIL  " + outcome.test->name + "\n";
  for (const EventOutcome& event : outcome.events) {
    if (!event.passed()) {
      out += "      " + config::to_string(event.where) +
             (event.event_type.empty() ? "" : ": " + event.event_type) + "\n";
      append_diff(out, event);
    }
  }
  return out;
}

}  // namespace aev::app
