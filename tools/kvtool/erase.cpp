// SPDX-License-Identifier: MIT
//
// kvtool erase: remove records by key.
#include "kvtool/session.h"
#include "kvtool/verbs.h"

namespace kvtool {

Exit run_erase(Command& command) {
    command.take_file();
    const CLI::Option* key_words = command.take_some("KEY", "Text; - is standard input, @PATH a file's bytes, @@ an @");
    command.parse();
    std::vector<std::string> keys;
    for (const std::string& word : Command::words(key_words)) {
        keys.push_back(command.bytes(word));
    }
    Session session(command, Use::write);
    Exit code = Exit::done;
    for (const std::string& key : keys) {
        if (!session.must(session.store().erase(key))) {
            code = Exit::negative;
            if (keys.size() > 1) {
                session.note("absent: " + on_one_line(key));
            }
        }
    }
    session.close();
    return code;
}

}  // namespace kvtool
