#include <cstdio>
#include <signal.h>
#include <string.h>
#include <thread>

#include <CLI/CLI.hpp>

#include "app/config_check.h"
#include "app/host_process.h"
#include "app/ready_file.h"
#include "app/service_manager.h"
#include "app/verbs.h"
#include "app/version.h"
#include "core/mutex.h"
#include "core/thread_name.h"

namespace aev::app {
namespace {

struct RunOptions {
  std::string config = "/etc/aragora-events/aragora-events.yaml";
  std::string ready_file;
};

/// Blocks SIGTERM, SIGINT and SIGHUP in this thread and those that it will start, so that wait() is
/// the one place that gets them.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    for (const int each : {SIGTERM, SIGINT, SIGHUP}) {
      sigaddset(&set_, each);
    }
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }

  [[nodiscard]] int wait() const {
    int number = 0;
    while (sigwait(&set_, &number) != 0) {
    }
    return number;
  }

 private:
  sigset_t set_{};
};

/// Reloads on a thread of its own, so that a signal to stop is heard meanwhile. Signals that come
/// while one reload runs are answered by one more.
class ReloadThread {
 public:
  explicit ReloadThread(HostProcess& host) : host_(host), thread_([this] { run(); }) {}

  /// Waits for a reload that runs.
  ~ReloadThread() {
    {
      const MutexLock lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  ReloadThread(const ReloadThread&) = delete;
  ReloadThread& operator=(const ReloadThread&) = delete;

  void ask() AEV_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    wanted_ = true;
    changed_.notify_all();
  }

 private:
  /// False at the end.
  bool wait_until_asked() AEV_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    while (!wanted_ && !ended_) {
      changed_.wait(mutex_);
    }
    wanted_ = false;
    return !ended_;
  }

  void run() {
    name_this_thread("aev-reload");
    while (wait_until_asked()) {
      notify_service_manager("RELOADING=1");
      static_cast<void>(host_.reload());  // what came of it is in the log
      notify_service_manager("READY=1");
    }
  }

  HostProcess& host_;
  Mutex mutex_;
  CondVar changed_;
  bool wanted_ AEV_GUARDED_BY(mutex_) = false;
  bool ended_ AEV_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

ExitCode run(const RunOptions& options) {
  const StopSignals signals;
  auto loaded = config::load(options.config, config::process_environment());
  if (!loaded.config) {
    print_problems(loaded.problems);
    return kExitBadConfig;
  }
  const config::Config& config = *loaded.config;
  Log log(2, config.log.level, config.log.format);
  const Logger logger(log, "host");
  logger.info("starting", {{"version", kVersion}, {"config", options.config}});

  auto host = HostProcess::start(config, log, loaded.problems);
  print_problems(loaded.problems);
  if (!host) {
    logger.error("cannot start", {{"reason", host.error().message}});
    return has_errors(loaded.problems) ? kExitBadConfig : kExitFailed;
  }
  const std::string url = (*host)->base_url();
  if (!options.ready_file.empty() && !write_ready_file(options.ready_file, url)) {
    logger.error("cannot write the ready file", {{"file", options.ready_file}});
    return kExitFailed;
  }
  logger.info("ready", {{"url", url}});
  notify_service_manager("READY=1");

  ReloadThread reloads(**host);
  int signal_number = signals.wait();
  while (signal_number == SIGHUP) {
    reloads.ask();
    signal_number = signals.wait();
  }
  logger.info("stopping", {{"signal", strsignal(signal_number)}});
  notify_service_manager("STOPPING=1");
  (*host)->stop(SystemClock().mono_now() + (*host)->drain_timeout());
  logger.info("stopped");
  return kExitOk;
}

}  // namespace

void add_run_verb(CLI::App& program, ExitCode& exit) {
  auto* verb = program.add_subcommand(
      "run", "Run the host until SIGTERM; SIGHUP takes the configuration anew");
  auto options = std::make_shared<RunOptions>();
  verb->add_option("-c,--config", options->config, "Configuration file")->capture_default_str();
  verb->add_option("--ready-file", options->ready_file,
                   "Write the base URL here once events are taken (for scripts and --listen :0)");
  verb->callback([options, &exit] { exit = run(*options); });
}

}  // namespace aev::app
