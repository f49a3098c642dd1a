// SPDX-License-Identifier: MIT
#include "kvtool/console.h"

#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <io.h>

#define WIN32_LEAN_AND_MEAN
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <windows.h>

#include <shellapi.h>

namespace kvtool::console {

namespace {

UINT former_code_page = 0;

std::string to_utf8(const wchar_t* text) {
    const int bytes = ::WideCharToMultiByte(CP_UTF8, 0, text, -1, nullptr, 0, nullptr, nullptr);
    std::string utf8(bytes > 0 ? static_cast<std::size_t>(bytes) : 1, '\0');
    ::WideCharToMultiByte(CP_UTF8, 0, text, -1, utf8.data(), bytes, nullptr, nullptr);
    utf8.pop_back();   // the closing NUL
    return utf8;
}

std::wstring to_wide(const std::string& utf8) {
    const int units = ::MultiByteToWideChar(CP_UTF8, 0, utf8.c_str(), -1, nullptr, 0);
    std::wstring wide(units > 0 ? static_cast<std::size_t>(units) : 1, L'\0');
    ::MultiByteToWideChar(CP_UTF8, 0, utf8.c_str(), -1, wide.data(), units);
    wide.pop_back();
    return wide;
}

}  // namespace

void prepare() noexcept {
    for (std::FILE* stream : {stdin, stdout, stderr}) {
        ::_setmode(::_fileno(stream), _O_BINARY);
    }
    former_code_page = ::GetConsoleOutputCP();
    if (former_code_page != 0 && former_code_page != CP_UTF8) {
        ::SetConsoleOutputCP(CP_UTF8);   // the console's, not ours: given back at the end
        std::atexit([] { ::SetConsoleOutputCP(former_code_page); });
    }
}

std::vector<std::string> arguments(int, char**) {
    std::vector<std::string> words;
    int count = 0;
    wchar_t** wide = ::CommandLineToArgvW(::GetCommandLineW(), &count);   // argv is in the ANSI code page
    for (int i = 1; wide != nullptr && i < count; ++i) {
        words.push_back(to_utf8(wide[i]));
    }
    ::LocalFree(wide);
    return words;
}

bool is_terminal(std::FILE* stream) noexcept {
    // _isatty says yes to NUL too.
    DWORD mode = 0;
    return ::GetConsoleMode(reinterpret_cast<HANDLE>(::_get_osfhandle(::_fileno(stream))), &mode) != 0;
}

bool is_closed_pipe(int error_number) noexcept {
    return error_number == EPIPE || error_number == EINVAL;   // ERROR_NO_DATA becomes EINVAL
}

std::FILE* open_file(const std::string& path, Mode mode) noexcept {
    return ::_wfopen(to_wide(path).c_str(), mode == Mode::read ? L"rbN" : L"wbN");
}

std::string_view system_name() noexcept {
#if defined(_M_ARM64) || defined(__aarch64__)
    return "windows arm64";
#else
    return "windows x86_64";
#endif
}

}  // namespace kvtool::console
