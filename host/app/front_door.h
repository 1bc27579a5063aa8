#pragma once

#include <functional>
#include <memory>

#include "http/authenticator.h"
#include "http/message.h"

namespace aev::app {

/// The first to see each exchange: checks the token, then hands `POST /v1/events` and
/// `/v1/security/…` to ingest and the rest to the admin API. /health is open to everyone, so that
/// probes need no token. Thread-safe.
class FrontDoor final : public http::Handler {
 public:
  /// The tokens of now; never null. Thread-safe.
  using Tokens = std::function<std::shared_ptr<const http::Authenticator>()>;

  /// The handlers outlive this object.
  FrontDoor(Tokens tokens, http::Handler& ingest, http::Handler& admin)
      : tokens_(std::move(tokens)), ingest_(ingest), admin_(admin) {}

  void handle(http::Exchange& exchange) override;

 private:
  const Tokens tokens_;
  http::Handler& ingest_;
  http::Handler& admin_;
};

}  // namespace aev::app
