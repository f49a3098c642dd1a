// SPDX-License-Identifier: MIT
//
// kvtool digest: one sum over all records.
#include "kvtool/output.h"
#include "kvtool/session.h"
#include "kvtool/verbs.h"

namespace kvtool {

Exit run_digest(Command& command) {
    command.take_file();
    command.parse();
    Session session(command, Use::read);
    const std::string digest = quire::to_string(session.must(session.store().digest()));
    Output output;
    output.write(session.globals().json ? R"({"digest": ")" + digest + "\"}\n" : digest + "\n");
    output.close();
    session.close();
    return Exit::done;
}

}  // namespace kvtool
