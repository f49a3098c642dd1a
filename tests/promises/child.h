// SPDX-License-Identifier: MIT
//
// Another process that runs this same executable, for tests that kill, stop and wait. Twins: posix/child.cpp and
// win32/child.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace quire::promises {

class Child {
public:
    // Runs this executable with `arguments`; standard output and error are shared. Ends the test if it cannot.
    static Child start(const std::vector<std::string>& arguments);

    Child() noexcept = default;
    Child(Child&& other) noexcept;
    Child& operator=(Child&& other) noexcept;
    ~Child();                                    // kills

    explicit operator bool() const noexcept { return pid_ != 0; }
    std::uint64_t pid() const noexcept { return pid_; }
    bool running() noexcept;                     // false: it has ended; wait() tells how
    // Ends it at whatever instruction it is: SIGKILL; TerminateProcess. The kernel has let its locks go on return.
    void kill() noexcept;
    // Its exit code; -1 if it was killed. Returns when it has ended.
    int wait() noexcept;
    // Stops it at whatever instruction it is, and lets it go on. False: this system does not offer it.
    bool suspend() noexcept;
    void resume() noexcept;

private:
    std::uint64_t pid_ = 0;
    std::intptr_t handle_ = 0;    // win32 alone
    std::optional<int> ended_;
};

// This process, as Child::pid() tells it.
std::uint64_t own_pid() noexcept;

// ---- kill -9 under Wine, where TerminateProcess is not the only death: the pid that the host's kernel knows ----

// 0: this process does not run under Wine.
std::uint64_t host_pid() noexcept;
bool kill_on_host(std::uint64_t host_pid) noexcept;

// ---- what only some systems have; each answers false or nothing where it does not exist ----

// Runs `body` in a forked copy of this process; its exit code.
std::optional<int> in_forked_child(const std::function<int()>& body);
// This process goes on as a user who may nothing in particular.
bool drop_privileges() noexcept;
// No file of this process grows beyond; the attempt is an error and not a signal.
bool limit_file_bytes(std::uint64_t bytes) noexcept;
// A file system of `bytes` at `directory`, for as long as the object lives.
class SmallVolume {
public:
    SmallVolume(const std::string& directory, std::uint64_t bytes) noexcept;
    SmallVolume(const SmallVolume&) = delete;
    SmallVolume& operator=(const SmallVolume&) = delete;
    ~SmallVolume();
    explicit operator bool() const noexcept { return !directory_.empty(); }

private:
    std::string directory_;
};
// Holds one byte of a file exclusively, as another opener's lock would.
class HeldByte {
public:
    HeldByte(const std::string& path, std::uint64_t where) noexcept;
    HeldByte(const HeldByte&) = delete;
    HeldByte& operator=(const HeldByte&) = delete;
    ~HeldByte();
    explicit operator bool() const noexcept { return held_; }

private:
    std::intptr_t handle_ = -1;
    bool held_ = false;
};

}  // namespace quire::promises
