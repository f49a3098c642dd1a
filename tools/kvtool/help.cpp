// SPDX-License-Identifier: MIT
//
// kvtool help: what each verb does.
#include "kvtool/output.h"
#include "kvtool/stop.h"
#include "kvtool/verbs.h"

namespace kvtool {

namespace {

constexpr std::string_view kBehindTheVerbs = R"(
KEY and VALUE are text; - is standard input, @PATH a file's bytes, @@ a literal @.
Options go anywhere behind the verb, -- ends them; kvtool help VERB lists them.

Exit codes:
   0  done, yes                           4  damage found
   1  a negative answer: absent           5  in use by somebody else; try again
   2  fix the command or the input        6  a limit: size, disk, memory
   3  cannot open, read or write          7  not a file for this program
  70  a bug; please report it
)";

std::string overview() {
    std::string text = "kvtool: look into a Quire store and change it\n\nUsage: kvtool VERB FILE [ARGUMENTS] [OPTIONS]\n\n";
    for (const Verb& verb : verbs()) {
        std::string line = "  ";
        line += verb.name;
        line += ' ';
        line += verb.arguments;
        line.resize(std::max<std::size_t>(line.size(), 24), ' ');
        text += line;
        text += ' ';
        text += verb.about;
        text += '\n';
    }
    text += kBehindTheVerbs;
    return text;
}

}  // namespace

Exit run_help(Command& command) {
    const CLI::Option* verb_word = command.take_optional("VERB", "What to explain");
    command.parse();
    if (Command::given(verb_word)) {
        const std::string name = Command::word(verb_word);
        const Verb* verb = find_verb(name);
        if (verb == nullptr) {
            throw usage_stop(unknown_verb(name));
        }
        return run(*verb, {"--help"});
    }
    Output output;
    output.write(overview());
    output.close();
    return Exit::done;
}

}  // namespace kvtool
