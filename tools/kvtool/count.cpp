// SPDX-License-Identifier: MIT
//
// kvtool count: how many records there are.
#include "kvtool/output.h"
#include "kvtool/session.h"
#include "kvtool/verbs.h"

namespace kvtool {

Exit run_count(Command& command) {
    command.take_file();
    command.parse();
    Session session(command, Use::read);
    const std::string count = std::to_string(session.must(session.store().count()));
    Output output;
    output.write(session.globals().json ? R"({"records": )" + count + "}\n" : count + "\n");
    output.close();
    session.close();
    return Exit::done;
}

}  // namespace kvtool
