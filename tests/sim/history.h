// SPDX-License-Identifier: MIT
//
// The model: what a store must hold after each commit of a workload, so that a recovered store can be found among them.
//
// Costs  Changes are kept, not states: state k is made by applying the first k. A sum over each state's records finds
//        the candidates; the state itself decides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace quire::sim {

using Records = std::map<std::string, std::string>;

struct Change {
    std::string key;
    std::optional<std::string> value;   // nothing: erased
};
using Changes = std::vector<Change>;    // of one commit, in order

void redo(const Changes& changes, Records& records);

class History {
public:
    // A commit that is about to be tried: its state may be found from now on.
    void begin(Changes changes);
    // The newest one failed and changed nothing.
    void undo();
    // A power cut has left the first `length` commits.
    void cut_to(std::size_t length);

    std::size_t length() const noexcept { return commits_.size(); }
    const Records& now() const noexcept { return now_; }
    Records at(std::size_t length) const;
    // The greatest k in [least, most] whose state is exactly `records`.
    std::optional<std::size_t> find(const Records& records, std::size_t least, std::size_t most) const;

private:
    std::vector<Changes> commits_;
    std::vector<std::uint64_t> sums_{0};   // of state k
    Records now_;
};

// Where two sets of records first differ; "equal" if they do not.
std::string first_difference(const Records& expected, const Records& found);

}  // namespace quire::sim
