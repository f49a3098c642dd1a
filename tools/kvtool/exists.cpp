// SPDX-License-Identifier: MIT
//
// kvtool exists: is a key there.
#include "kvtool/session.h"
#include "kvtool/verbs.h"

namespace kvtool {

Exit run_exists(Command& command) {
    command.take_file();
    const CLI::Option* key_word = command.take_one("KEY", "Text; - is standard input, @PATH a file's bytes, @@ an @");
    command.parse();
    const std::string key = command.bytes(Command::word(key_word));
    Session session(command, Use::read);
    const bool present = session.must(session.store().contains(key));
    session.close();
    return present ? Exit::done : Exit::negative;
}

}  // namespace kvtool
