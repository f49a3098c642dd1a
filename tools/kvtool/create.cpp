// SPDX-License-Identifier: MIT
//
// kvtool create: make a new, empty store.
#include "kvtool/session.h"
#include "kvtool/verbs.h"

namespace kvtool {

Exit run_create(Command& command) {
    command.take_file();
    command.parse();
    Session session(command, Use::create_new);
    session.close();
    return Exit::done;
}

}  // namespace kvtool
