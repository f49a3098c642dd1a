// SPDX-License-Identifier: MIT
#include "child.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <grp.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace quire::promises {

namespace {

pid_t as_pid(std::uint64_t pid) noexcept { return static_cast<pid_t>(pid); }

std::optional<int> how_it_ended(int status) noexcept {
    if (WIFEXITED(status)) {
        return WEXITSTATUS(status);
    }
    return WIFSIGNALED(status) ? std::optional(-1) : std::nullopt;
}

}  // namespace

Child Child::start(const std::vector<std::string>& arguments) {
    std::vector<std::string> words = {"/proc/self/exe"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    for (std::string& word : words) {
        pointers.push_back(word.data());
    }
    pointers.push_back(nullptr);
    pid_t pid = 0;
    if (const int error = ::posix_spawn(&pid, "/proc/self/exe", nullptr, nullptr, pointers.data(), environ)) {
        std::fprintf(stderr, "cannot start a process: %s\n", std::strerror(error));
        std::exit(2);
    }
    Child child;
    child.pid_ = static_cast<std::uint64_t>(pid);
    return child;
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)), handle_(std::exchange(other.handle_, 0)), ended_(other.ended_) {}

Child& Child::operator=(Child&& other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(handle_, other.handle_);
    std::swap(ended_, other.ended_);
    return *this;
}

Child::~Child() { kill(); }

bool Child::running() noexcept {
    if (pid_ == 0 || ended_) {
        return false;
    }
    int status = 0;
    if (::waitpid(as_pid(pid_), &status, WNOHANG) == as_pid(pid_)) {
        ended_ = how_it_ended(status);
    }
    return !ended_;
}

void Child::kill() noexcept {
    if (pid_ != 0 && !ended_) {
        ::kill(as_pid(pid_), SIGKILL);
        wait();
    }
}

int Child::wait() noexcept {
    int status = 0;
    while (!ended_) {
        if (::waitpid(as_pid(pid_), &status, 0) == as_pid(pid_)) {
            ended_ = how_it_ended(status);
        } else if (errno != EINTR) {
            ended_ = -1;
        }
    }
    return *ended_;
}

bool Child::suspend() noexcept {
    ::kill(as_pid(pid_), SIGSTOP);
    int status = 0;
    while (::waitpid(as_pid(pid_), &status, WUNTRACED) < 0 && errno == EINTR) {
    }
    if (!WIFSTOPPED(status)) {
        ended_ = how_it_ended(status);
    }
    return WIFSTOPPED(status);
}

void Child::resume() noexcept { ::kill(as_pid(pid_), SIGCONT); }

std::uint64_t own_pid() noexcept { return static_cast<std::uint64_t>(::getpid()); }

std::uint64_t host_pid() noexcept { return 0; }
bool kill_on_host(std::uint64_t) noexcept { return false; }

std::optional<int> in_forked_child(const std::function<int()>& body) {
    std::fflush(nullptr);
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::_exit(body());
    }
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return how_it_ended(status);
}

bool drop_privileges() noexcept {
    constexpr uid_t kNobody = 65534;
    if (::geteuid() != 0) {
        return true;
    }
    return ::setgroups(0, nullptr) == 0 && ::setgid(kNobody) == 0 && ::setuid(kNobody) == 0;
}

bool limit_file_bytes(std::uint64_t bytes) noexcept {
    const rlimit limit{bytes, bytes};
    return std::signal(SIGXFSZ, SIG_IGN) != SIG_ERR && ::setrlimit(RLIMIT_FSIZE, &limit) == 0;
}

SmallVolume::SmallVolume(const std::string& directory, std::uint64_t bytes) noexcept {
    const std::string size = "mode=777,size=" + std::to_string(bytes);
    if (::mount("quire-test", directory.c_str(), "tmpfs", 0, size.c_str()) == 0) {
        directory_ = directory;
    }
}

SmallVolume::~SmallVolume() {
    if (*this) {
        ::umount2(directory_.c_str(), MNT_DETACH);
    }
}

HeldByte::HeldByte(const std::string& path, std::uint64_t where) noexcept {
    const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    handle_ = file;
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = static_cast<off_t>(where);
    lock.l_len = 1;
    held_ = file >= 0 && ::fcntl(file, F_OFD_SETLK, &lock) == 0;
}

HeldByte::~HeldByte() {
    if (handle_ >= 0) {
        ::close(static_cast<int>(handle_));
    }
}

}  // namespace quire::promises
