#pragma once

#include "app/exit_code.h"

namespace CLI {
class App;
}

namespace aev::app {

/// Each adds verbs to the command line. A verb's callback stores its exit status in `exit`, which
/// must outlive the parsing of the command line.
void add_run_verb(CLI::App& program, ExitCode& exit);
void add_config_verbs(CLI::App& program, ExitCode& exit);
void add_routing_verbs(CLI::App& program, ExitCode& exit);
void add_test_verb(CLI::App& program, ExitCode& exit);
void add_emit_verb(CLI::App& program, ExitCode& exit);
void add_listen_verb(CLI::App& program, ExitCode& exit);
void add_dead_letter_verbs(CLI::App& program, ExitCode& exit);
void add_subscriber_verbs(CLI::App& program, ExitCode& exit);
void add_plugin_verbs(CLI::App& program, ExitCode& exit);
void add_reload_verb(CLI::App& program, ExitCode& exit);
void add_schema_verbs(CLI::App& program, ExitCode& exit);
void add_security_verbs(CLI::App& program, ExitCode& exit);
void add_audit_verbs(CLI::App& program, ExitCode& exit);
void add_signature_verbs(CLI::App& program, ExitCode& exit);

}  // namespace aev::app
