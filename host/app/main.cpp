#include <csignal>

#include <CLI/CLI.hpp>

#include "app/verbs.h"
#include "app/version.h"

int main(int argc, char** argv) {
  // A peer or a reader of our output that goes away is an error code, never a signal.
  std::signal(SIGPIPE, SIG_IGN);

  CLI::App program("Aragora Events: takes events in, keeps them, delivers them to subscribers.",
                   "aragora-events");
  program.set_version_flag("--version", std::string(aev::app::kVersion));
  program.require_subcommand(1);
  program.footer("Exit status: 0 ok, 1 failed, 2 wrong usage, 78 bad configuration.");

  aev::app::ExitCode exit = aev::app::kExitOk;
  aev::app::add_run_verb(program, exit);
  aev::app::add_config_verbs(program, exit);
  aev::app::add_test_verb(program, exit);
  aev::app::add_routing_verbs(program, exit);
  aev::app::add_emit_verb(program, exit);
  aev::app::add_listen_verb(program, exit);
  aev::app::add_dead_letter_verbs(program, exit);
  aev::app::add_subscriber_verbs(program, exit);
  aev::app::add_plugin_verbs(program, exit);
  aev::app::add_reload_verb(program, exit);
  aev::app::add_schema_verbs(program, exit);
  aev::app::add_security_verbs(program, exit);
  aev::app::add_audit_verbs(program, exit);
  aev::app::add_signature_verbs(program, exit);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? aev::app::kExitOk : aev::app::kExitUsage;
  }
  return exit;
}
