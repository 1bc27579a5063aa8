#pragma once

#include <boost/asio/ssl/context.hpp>

#include "options.h"

namespace aev::websocket {

/// TLS 1.2 or newer with the files' certificate. Throws std::runtime_error that names the file and
/// what is wrong with it.
[[nodiscard]] boost::asio::ssl::context make_tls_context(const TlsFiles& files);

}  // namespace aev::websocket
