// SPDX-License-Identifier: MIT
//
// kvtool put: write one record.
#include "kvtool/session.h"
#include "kvtool/verbs.h"

namespace kvtool {

Exit run_put(Command& command) {
    bool no_create = false;
    command.take_file();
    const CLI::Option* key_word = command.take_one("KEY", "Text; - is standard input, @PATH a file's bytes, @@ an @");
    const CLI::Option* value_word = command.take_one("VALUE", "The same");
    command.take_flag("--no-create", no_create, "Do not make a file that is not there");
    command.parse();
    const std::string key = command.bytes(Command::word(key_word));
    const std::string value = command.bytes(Command::word(value_word));
    Session session(command, no_create ? Use::write : Use::create);
    session.must(session.store().put(key, value));
    session.close();
    return Exit::done;
}

}  // namespace kvtool
