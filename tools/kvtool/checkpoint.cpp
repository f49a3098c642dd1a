// SPDX-License-Identifier: MIT
//
// kvtool checkpoint: make everything durable and leave nothing to replay.
#include "kvtool/session.h"
#include "kvtool/verbs.h"

namespace kvtool {

Exit run_checkpoint(Command& command) {
    command.take_file();
    command.parse();
    Session session(command, Use::write);
    session.must(session.store().checkpoint());
    session.close();
    return Exit::done;
}

}  // namespace kvtool
