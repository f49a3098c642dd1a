// SPDX-License-Identifier: MIT
//
// kvtool: look into a Quire store and change it, from a shell or a script. Finds the verb and says how it ended.
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "kvtool/console.h"
#include "kvtool/output.h"
#include "kvtool/stop.h"
#include "kvtool/verbs.h"

namespace kvtool {

namespace {

Exit print(const std::string& text) {
    Output output;
    output.write(text);
    output.close();
    return Exit::done;
}

Exit run_words(std::vector<std::string> words) {
    if (words.empty()) {
        throw usage_stop("no verb; see kvtool help");
    }
    std::string name = words.front();
    name = name == "--help" ? "help" : name == "--version" ? "version" : name;
    const Verb* verb = find_verb(name);
    if (verb == nullptr) {
        throw usage_stop(unknown_verb(name));
    }
    words.erase(words.begin());
    try {
        return run(*verb, std::move(words));
    } catch (const HelpWanted& help) {
        return print(help.text);
    }
}

}  // namespace

}  // namespace kvtool

int main(int argc, char** argv) {
    using namespace kvtool;
    console::prepare();
    Exit code = Exit::bug;
    try {
        code = run_words(console::arguments(argc, argv));
    } catch (const Stop& stop) {
        say("kvtool: " + stop.message);
        code = stop.code;
    } catch (const ClosedPipe&) {
        code = Exit::done;   // whoever reads has what he wanted
    } catch (const std::bad_alloc&) {
        say("kvtool: out_of_memory: no memory for this command");
        code = Exit::limit;
    } catch (const std::exception& error) {
        say("kvtool: internal: " + on_one_line(error.what()));
    }
    return static_cast<int>(code);
}
