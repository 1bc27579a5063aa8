#include "tls_context.h"

#include <stdexcept>
#include <string>

#include <openssl/ssl.h>

namespace aev::websocket {

namespace ssl = boost::asio::ssl;

boost::asio::ssl::context make_tls_context(const TlsFiles& files) {
  ssl::context context(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  // Idle connections, of which there are many, give their buffers back.
  SSL_CTX_set_mode(context.native_handle(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context.native_handle(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context.native_handle(), SSL_OP_NO_RENEGOTIATION);
  boost::system::error_code error;
  context.set_password_callback(
      [password = files.key_password](std::size_t, ssl::context::password_purpose) {
        return password;
      });
  context.use_certificate_chain_file(files.cert_file, error);
  if (error) {
    throw std::runtime_error(
        "tls.cert_file '" + files.cert_file +
        "' is not a PEM certificate chain that can be read: " + error.message());
  }
  context.use_private_key_file(files.key_file, ssl::context::pem, error);
  if (error || SSL_CTX_check_private_key(context.native_handle()) != 1) {
    throw std::runtime_error("tls.key_file '" + files.key_file +
                             "' is not the certificate's PEM private key, or cannot be read" +
                             (error ? ": " + error.message() : std::string()));
  }
  return context;
}

}  // namespace aev::websocket
