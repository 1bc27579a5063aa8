#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdlib.h>

#include <Poco/Net/Context.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/X509Certificate.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "server_fixture.h"

using namespace aev;
using namespace aev::http;
using namespace aev::http::testing;

namespace {

/// A fresh self-signed certificate and its key in one PEM file in a folder of its own.
class Certificate {
 public:
  Certificate() {
    const char* base = std::getenv("TMPDIR");
    std::string pattern =
        std::string(base == nullptr ? "/tmp" : base) + "/aev-http-" + std::string(6, 'X');
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    write();
  }

  ~Certificate() { std::filesystem::remove_all(folder_); }

  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;

  [[nodiscard]] std::string path() const { return folder_ / "both.pem"; }

  /// Replaces certificate and key by others.
  void write() const {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"),
                                                                  EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
    REQUIRE(key);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key.get());
    X509_NAME* name = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), name);
    REQUIRE(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path().c_str(), "w"),
                                                               std::fclose);
    REQUIRE(file);
    PEM_write_PrivateKey(file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    PEM_write_X509(file.get(), certificate.get());
  }

 private:
  std::filesystem::path folder_;
};

/// The certificate that the server shows to a new connection, as PEM.
std::string shown_by(std::uint16_t port) {
  Poco::Net::Context::Params params;
  params.verificationMode = Poco::Net::Context::VERIFY_NONE;
  const Poco::Net::Context::Ptr context(
      new Poco::Net::Context(Poco::Net::Context::TLS_CLIENT_USE, params));
  Poco::Net::SecureStreamSocket client(Poco::Net::SocketAddress("127.0.0.1", port), context);
  client.completeHandshake();
  std::ostringstream pem;
  client.peerCertificate().save(pem);
  return pem.str();
}

}  // namespace

TEST_CASE("with a certificate the server speaks TLS", "[http]") {
  const Certificate certificate;
  ServerOptions options;
  options.tls_certificate = certificate.path();
  RunningServer running(echo, options);

  Poco::Net::Context::Params params;
  params.verificationMode = Poco::Net::Context::VERIFY_NONE;
  const Poco::Net::Context::Ptr context(
      new Poco::Net::Context(Poco::Net::Context::TLS_CLIENT_USE, params));
  Poco::Net::SecureStreamSocket client(Poco::Net::SocketAddress("127.0.0.1", running.port()),
                                       context);
  const std::string body(100'000, 'x');
  const std::string request = post("/", body);
  for (int round = 0; round < 2; ++round) {
    std::size_t sent = 0;
    while (sent < request.size()) {
      const int count =
          client.sendBytes(request.data() + sent, static_cast<int>(request.size() - sent));
      REQUIRE(count > 0);
      sent += static_cast<std::size_t>(count);
    }
    std::string answer;
    char piece[16384];
    while (body_of(answer).size() < body.size()) {
      const int count = client.receiveBytes(piece, sizeof piece);
      REQUIRE(count > 0);
      answer.append(piece, static_cast<std::size_t>(count));
    }
    CHECK(status_of(answer) == 200);
    CHECK(body_of(answer) == body);
  }

  SocketClient plain(running.port());
  plain.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  plain.finish_sending();
  CHECK(plain.until_closed().find("HTTP/1.1 200") == std::string::npos);
}

TEST_CASE("a certificate that cannot be read is named", "[http]") {
  Log log;
  Metrics metrics;
  const SystemClock clock;
  FunctionHandler handler(echo);
  ServerOptions options;
  options.tls_certificate = "/nonexistent/cert.pem";
  auto started = Server::start(options, handler, clock, metrics, Logger(log, "http"));
  REQUIRE_FALSE(started.ok());
  CHECK(started.error().message.find("/nonexistent/cert.pem") != std::string::npos);
}

TEST_CASE("a renewed certificate is shown once it is taken, and a broken one never", "[http]") {
  const Certificate certificate;
  ServerOptions options;
  options.tls_certificate = certificate.path();
  RunningServer running(echo, options);
  const std::string first = shown_by(running.port());
  certificate.write();
  CHECK(shown_by(running.port()) == first);
  const auto take = running.server->prepare(options);
  REQUIRE(take.ok());
  CHECK(shown_by(running.port()) == first);
  (*take)();
  const std::string second = shown_by(running.port());
  CHECK(second != first);

  const Certificate other;
  ServerOptions mixed = options;
  mixed.tls_key = other.path();
  const auto foreign = running.server->prepare(mixed);
  REQUIRE_FALSE(foreign.ok());
  CHECK(foreign.error().message.find(other.path()) != std::string::npos);
  std::ofstream(certificate.path()) << "no certificate";
  const auto broken = running.server->prepare(options);
  REQUIRE_FALSE(broken.ok());
  CHECK(broken.error().message.find(certificate.path()) != std::string::npos);
  CHECK(shown_by(running.port()) == second);
}
