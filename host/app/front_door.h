#pragma once

#include "http/authenticator.h"
#include "http/message.h"

namespace aev::app {

/// The first to see each exchange: checks the token, then hands `POST /v1/events` and
/// `/v1/security/…` to ingest and the rest to the admin API. /health is open to everyone, so that
/// probes need no token. Thread-safe.
class FrontDoor final : public http::Handler {
 public:
  /// All outlive this object.
  FrontDoor(const http::Authenticator& authenticator, http::Handler& ingest, http::Handler& admin)
      : authenticator_(authenticator), ingest_(ingest), admin_(admin) {}

  void handle(http::Exchange& exchange) override;

 private:
  const http::Authenticator& authenticator_;
  http::Handler& ingest_;
  http::Handler& admin_;
};

}  // namespace aev::app
