// The reference for ingest: Poco's HTTP server with a handler that reads the body and answers 202.
// Usage: bare_poco READY_FILE
#include <csignal>
#include <cstdio>
#include <fstream>

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/StreamCopier.h>

namespace {

class Accept final : public Poco::Net::HTTPRequestHandler {
 public:
  void handleRequest(Poco::Net::HTTPServerRequest& request,
                     Poco::Net::HTTPServerResponse& response) override {
    thread_local std::string body;
    body.clear();
    Poco::StreamCopier::copyToString(request.stream(), body);
    response.setStatusAndReason(Poco::Net::HTTPResponse::HTTP_ACCEPTED);
    response.setContentType("application/json");
    static constexpr char kAnswer[] = R"({"accepted":1,"duplicates":0,"ids":["evt_0123456789"]})";
    response.sendBuffer(kAnswer, sizeof(kAnswer) - 1);
  }
};

class Factory final : public Poco::Net::HTTPRequestHandlerFactory {
 public:
  Poco::Net::HTTPRequestHandler* createRequestHandler(
      const Poco::Net::HTTPServerRequest& /*request*/) override {
    return new Accept;
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    return 2;
  }
  sigset_t signals{};
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  Poco::Net::ServerSocket socket(Poco::Net::SocketAddress("127.0.0.1", 0), 512);
  Poco::Net::HTTPServerParams::Ptr params(new Poco::Net::HTTPServerParams);
  params->setKeepAlive(true);
  params->setMaxKeepAliveRequests(0);
  params->setMaxThreads(512);
  Poco::ThreadPool threads(2, 514);
  Poco::Net::HTTPServer server(new Factory, threads, socket, params);
  server.start();
  std::ofstream(argv[1]) << "http://127.0.0.1:" << socket.address().port() << '\n';
  int number = 0;
  sigwait(&signals, &number);
  server.stopAll(true);
  return 0;
}
