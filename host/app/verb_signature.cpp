#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>

#include <CLI/CLI.hpp>

#include <aev/webhook_sign.hpp>
#include <aev/webhook_verify.hpp>

#include "app/verbs.h"
#include "core/clock.h"

namespace aev::app {
namespace {

struct SignatureOptions {
  std::string file = "-";
  std::vector<std::string> secrets;
  std::string scheme = "standard";
  std::string id;
  std::int64_t timestamp = 0;
  std::vector<std::string> headers;
  std::int64_t max_age = 300;
};

void add_shared(CLI::App& verb, SignatureOptions& options) {
  verb.add_option("body", options.file,
                  "File with the exact bytes of the body; - is standard input")
      ->capture_default_str();
  verb.add_option("--secret", options.secrets, "Secret; several while they are being rotated")
      ->envname("EVENT_SIGNATURE_SECRET")
      ->required();
}

bool read_body(const std::string& file, std::string& body) {
  if (file == "-") {
    body.assign(std::istreambuf_iterator<char>(std::cin), {});
    return true;
  }
  std::ifstream in(file, std::ios::binary);
  body.assign(std::istreambuf_iterator<char>(in), {});
  if (!in) {
    std::fprintf(stderr, "%s: cannot be read\n", file.c_str());
  }
  return static_cast<bool>(in);
}

ExitCode sign(const SignatureOptions& options) {
  std::string body;
  if (!read_body(options.file, body)) {
    return kExitFailed;
  }
  const std::int64_t timestamp =
      options.timestamp != 0 ? options.timestamp : SystemClock().unix_now_ns() / 1'000'000'000;
  try {
    std::vector<webhook::Secret> secrets;
    for (const auto& text : options.secrets) {
      secrets.push_back(webhook::parse_secret(text));
    }
    const std::string id = options.id.empty() ? "msg_example" : options.id;
    for (const auto& [name, value] :
         webhook::signature_headers(options.scheme, secrets, id, timestamp, body)) {
      std::printf("%s: %s\n", name.c_str(), value.c_str());
    }
    return kExitOk;
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "%s\n", fault.what());
    return kExitUsage;
  }
}

ExitCode verify(const SignatureOptions& options) {
  std::string body;
  if (!read_body(options.file, body)) {
    return kExitFailed;
  }
  std::vector<std::pair<std::string, std::string>> headers;
  for (const auto& header : options.headers) {
    const auto colon = header.find(':');
    if (colon == std::string::npos) {
      throw CLI::ValidationError("--header", "'" + header + "' is not NAME: VALUE");
    }
    const auto value = header.find_first_not_of(' ', colon + 1);
    headers.emplace_back(header.substr(0, colon),
                         value == std::string::npos ? std::string() : header.substr(value));
  }
  webhook::Verification last;
  for (const auto& secret : options.secrets) {
    last = webhook::verify_webhook_request(headers, body, secret, options.max_age);
    if (last.valid) {
      std::puts("valid");
      return kExitOk;
    }
  }
  std::fprintf(stderr, "%s\n", last.error.c_str());
  return kExitFailed;
}

}  // namespace

void add_signature_verbs(CLI::App& program, ExitCode& exit) {
  auto options = std::make_shared<SignatureOptions>();
  auto* signing = program.add_subcommand("sign", "Print the signature headers of a body");
  add_shared(*signing, *options);
  signing->add_option("--scheme", options->scheme, "standard, aragora or aragora-timestamped")
      ->check(CLI::IsMember({"standard", "aragora", "aragora-timestamped"}))
      ->capture_default_str();
  signing->add_option("--id", options->id, "Message id (standard)");
  signing->add_option("--timestamp", options->timestamp, "Unix seconds; now if absent");
  signing->callback([options, &exit] { exit = sign(*options); });

  auto* verifying = program.add_subcommand(
      "verify", "Verify a delivery: exit 0 if its signature is right and fresh, else 1");
  add_shared(*verifying, *options);
  verifying->add_option("-H,--header", options->headers, "A header of the delivery: 'NAME: VALUE'")
      ->required();
  verifying->add_option("--max-age", options->max_age, "Seconds that a timestamp may be off")
      ->capture_default_str();
  verifying->callback([options, &exit] { exit = verify(*options); });
}

}  // namespace aev::app
