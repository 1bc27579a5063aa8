#include <charconv>
#include <cstdio>
#include <signal.h>

#include <CLI/CLI.hpp>

#include "app/ready_file.h"
#include "app/verbs.h"
#include "app/webhook_receiver.h"
#include "core/metrics.h"
#include "http/server.h"

namespace aev::app {
namespace {

struct ListenOptions {
  std::string listen = "127.0.0.1:9000";
  std::string secret;
  std::vector<std::string> failures;
  std::string ready_file;
  std::string format = "text";
  bool bodies = false;
};

Result<http::ServerOptions> parse_listen(const std::string& text) {
  http::ServerOptions options;
  const auto colon = text.rfind(':');
  if (colon != std::string::npos && colon > 0) {
    options.host = text.substr(0, colon);
    if (options.host.front() == '[' && options.host.back() == ']') {
      options.host = options.host.substr(1, options.host.size() - 2);
    }
    const char* const end = text.data() + text.size();
    const auto [after, error] = std::from_chars(text.data() + colon + 1, end, options.port);
    if (error == std::errc() && after == end) {
      return options;
    }
  }
  return Error{ErrorCode::kInvalid, "'" + text + "' is not HOST:PORT", {}};
}

ExitCode listen(const ListenOptions& options) {
  sigset_t signals{};
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  ReceiverOptions receiver_options;
  receiver_options.secret = options.secret;
  receiver_options.print_bodies = options.bodies;
  receiver_options.json = options.format == "json";
  for (const auto& text : options.failures) {
    auto rule = parse_failure_rule(text);
    if (!rule) {
      throw CLI::ValidationError("--fail-type", rule.error().message);
    }
    receiver_options.failures.push_back(std::move(*rule));
  }
  const auto server_options = parse_listen(options.listen);
  if (!server_options) {
    throw CLI::ValidationError("--listen", server_options.error().message);
  }
  const Log log;
  const SystemClock clock;
  Metrics metrics;
  WebhookReceiver receiver(std::move(receiver_options), stdout);
  auto server =
      http::Server::start(*server_options, receiver, clock, metrics, Logger(log, "listen"));
  if (!server) {
    std::fprintf(stderr, "%s\n", server.error().message.c_str());
    return kExitFailed;
  }
  const std::string url =
      "http://" + server_options->host + ":" + std::to_string((*server)->port());
  std::fprintf(
      stderr, "listening on %s, %s; Ctrl-C ends\n", url.c_str(),
      options.secret.empty() ? "signatures unchecked (give --secret)" : "checking signatures");
  if (!options.ready_file.empty() && !write_ready_file(options.ready_file, url)) {
    std::fprintf(stderr, "cannot write %s\n", options.ready_file.c_str());
    return kExitFailed;
  }
  int number = 0;
  sigwait(&signals, &number);
  (*server)->stop(clock.mono_now() + std::chrono::seconds(1));
  return kExitOk;
}

}  // namespace

void add_listen_verb(CLI::App& program, ExitCode& exit) {
  auto options = std::make_shared<ListenOptions>();
  auto* verb = program.add_subcommand(
      "listen", "A webhook receiver that verifies signatures and prints what comes");
  verb->add_option("--listen", options->listen, "HOST:PORT; port 0 is any free one")
      ->capture_default_str();
  verb->add_option("--secret", options->secret, "Verify with this secret")
      ->envname("EVENT_SIGNATURE_SECRET");
  verb->add_option("--fail-type", options->failures,
                   "TYPE=STATUS[:COUNT]: answer these with STATUS");
  verb->add_option("--ready-file", options->ready_file, "Write the base URL here once listening");
  verb->add_option("--format", options->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  verb->add_flag("--bodies", options->bodies, "Print the bodies too");
  verb->callback([options, &exit] { exit = listen(*options); });
}

}  // namespace aev::app
