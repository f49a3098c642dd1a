// SPDX-License-Identifier: MIT
#include "child.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <windows.h>

namespace quire::promises {

namespace {

HANDLE as_handle(std::intptr_t handle) noexcept { return reinterpret_cast<HANDLE>(handle); }

constexpr UINT kKilled = 0xDEAD;   // the exit code that our kills leave

std::wstring widened(const std::string& text) {
    const int length = static_cast<int>(text.size());
    std::wstring wide(static_cast<std::size_t>(::MultiByteToWideChar(CP_ACP, 0, text.data(), length, nullptr, 0)), 0);
    ::MultiByteToWideChar(CP_ACP, 0, text.data(), length, wide.data(), static_cast<int>(wide.size()));
    return wide;
}

template <class Function>
Function from_ntdll(const char* name) noexcept {
    const HMODULE ntdll = ::GetModuleHandleW(L"ntdll.dll");
    return reinterpret_cast<Function>(reinterpret_cast<void*>(::GetProcAddress(ntdll, name)));
}

// A system call of the host's kernel, made from within Wine.
std::int64_t host_call(std::int64_t number, std::int64_t first, std::int64_t second) noexcept {
    std::int64_t result = number;
    asm volatile("syscall" : "+a"(result) : "D"(first), "S"(second) : "rcx", "r11", "memory");
    return result;
}

bool under_wine() noexcept { return from_ntdll<void*>("wine_get_version") != nullptr; }

}  // namespace

Child Child::start(const std::vector<std::string>& arguments) {
    wchar_t self[1024] = {};
    ::GetModuleFileNameW(nullptr, self, 1024);
    std::wstring line = L"\"" + std::wstring(self) + L"\"";
    for (const std::string& argument : arguments) {   // no argument of ours holds a quote or ends in a backslash
        line += L" \"" + widened(argument) + L"\"";
    }
    STARTUPINFOW startup{};
    startup.cb = sizeof startup;
    PROCESS_INFORMATION process{};
    if (!::CreateProcessW(self, line.data(), nullptr, nullptr, TRUE, 0, nullptr, nullptr, &startup, &process)) {
        std::fprintf(stderr, "cannot start a process: error %lu\n", ::GetLastError());
        std::exit(2);
    }
    ::CloseHandle(process.hThread);
    Child child;
    child.pid_ = process.dwProcessId;
    child.handle_ = reinterpret_cast<std::intptr_t>(process.hProcess);
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

Child::~Child() {
    kill();
    if (handle_ != 0) {
        ::CloseHandle(as_handle(handle_));
    }
}

bool Child::running() noexcept {
    return pid_ != 0 && !ended_ && ::WaitForSingleObject(as_handle(handle_), 0) == WAIT_TIMEOUT;
}

void Child::kill() noexcept {
    if (pid_ != 0 && !ended_) {
        ::TerminateProcess(as_handle(handle_), kKilled);
        wait();
    }
}

int Child::wait() noexcept {
    if (!ended_) {
        ::WaitForSingleObject(as_handle(handle_), INFINITE);
        DWORD code = 0;
        ::GetExitCodeProcess(as_handle(handle_), &code);
        ended_ = code == kKilled ? -1 : static_cast<int>(code);
    }
    return *ended_;
}

bool Child::suspend() noexcept {
    const auto suspend_process = from_ntdll<LONG(WINAPI*)(HANDLE)>("NtSuspendProcess");
    return suspend_process != nullptr && suspend_process(as_handle(handle_)) >= 0;
}

void Child::resume() noexcept {
    if (const auto resume_process = from_ntdll<LONG(WINAPI*)(HANDLE)>("NtResumeProcess")) {
        resume_process(as_handle(handle_));
    }
}

std::uint64_t own_pid() noexcept { return ::GetCurrentProcessId(); }

std::uint64_t host_pid() noexcept {
    constexpr std::int64_t kGetpid = 39;
    const std::int64_t pid = under_wine() ? host_call(kGetpid, 0, 0) : 0;
    return pid > 0 ? static_cast<std::uint64_t>(pid) : 0;
}

bool kill_on_host(std::uint64_t host_pid) noexcept {
    constexpr std::int64_t kKill = 62;
    constexpr std::int64_t kSigkill = 9;
    return host_pid != 0 && under_wine() && host_call(kKill, static_cast<std::int64_t>(host_pid), kSigkill) == 0;
}

std::optional<int> in_forked_child(const std::function<int()>&) { return std::nullopt; }
bool drop_privileges() noexcept { return false; }
bool limit_file_bytes(std::uint64_t) noexcept { return false; }

SmallVolume::SmallVolume(const std::string&, std::uint64_t) noexcept {}
SmallVolume::~SmallVolume() = default;

HeldByte::HeldByte(const std::string& path, std::uint64_t where) noexcept {
    const HANDLE file = ::CreateFileA(path.c_str(), GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                                      nullptr, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, nullptr);
    handle_ = reinterpret_cast<std::intptr_t>(file);
    OVERLAPPED place{};
    place.Offset = static_cast<DWORD>(where);
    place.OffsetHigh = static_cast<DWORD>(where >> 32);
    held_ = file != INVALID_HANDLE_VALUE &&
            ::LockFileEx(file, LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &place);
}

HeldByte::~HeldByte() {
    if (as_handle(handle_) != INVALID_HANDLE_VALUE) {
        ::CloseHandle(as_handle(handle_));
    }
}

}  // namespace quire::promises
