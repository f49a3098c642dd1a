// SPDX-License-Identifier: MIT
//
// Faults on Windows: a vectored handler, and the few instructions to which it sends a thread.
//
// Invariants  1 The handler looks at the code and the watched ranges first: other exceptions cost it nothing, and the
//               thread's own variable is only asked for where it exists already.
//             2 It goes on by changing the thread's context: nothing is unwound, the dispatcher returns in full.
#include "platform/fault.h"

#include <atomic>

#include "platform/watch_table.h"
#include "platform/win32/win32.h"

extern "C" {
// Calls `body`: 1, or 0 if the thread came by quire_fault_landing. A call like any other for the compiler, which need
// not know that its callee is left in the middle (unlike setjmp, whose second return no optimiser models in full).
int quire_call_armed(quire::platform::FaultFrame* frame, void (*body)(void*), void* argument) noexcept;
void quire_fault_landing() noexcept;   // with the stack pointer of FaultFrame::stack
}

#if defined(__x86_64__)
asm(R"(
    .text
    .p2align 4
    .globl quire_call_armed
    .def quire_call_armed; .scl 2; .type 32; .endef
    .seh_proc quire_call_armed
quire_call_armed:
    pushq %rbp
    .seh_pushreg %rbp
    pushq %rbx
    .seh_pushreg %rbx
    pushq %rdi
    .seh_pushreg %rdi
    pushq %rsi
    .seh_pushreg %rsi
    pushq %r12
    .seh_pushreg %r12
    pushq %r13
    .seh_pushreg %r13
    pushq %r14
    .seh_pushreg %r14
    pushq %r15
    .seh_pushreg %r15
    subq $200, %rsp
    .seh_stackalloc 200
    movaps %xmm6, 32(%rsp)
    .seh_savexmm %xmm6, 32
    movaps %xmm7, 48(%rsp)
    .seh_savexmm %xmm7, 48
    movaps %xmm8, 64(%rsp)
    .seh_savexmm %xmm8, 64
    movaps %xmm9, 80(%rsp)
    .seh_savexmm %xmm9, 80
    movaps %xmm10, 96(%rsp)
    .seh_savexmm %xmm10, 96
    movaps %xmm11, 112(%rsp)
    .seh_savexmm %xmm11, 112
    movaps %xmm12, 128(%rsp)
    .seh_savexmm %xmm12, 128
    movaps %xmm13, 144(%rsp)
    .seh_savexmm %xmm13, 144
    movaps %xmm14, 160(%rsp)
    .seh_savexmm %xmm14, 160
    movaps %xmm15, 176(%rsp)
    .seh_savexmm %xmm15, 176
    .seh_endprologue
    movq %rsp, (%rcx)
    movq %r8, %rcx
    call *%rdx
    movl $1, %eax
1:  movaps 32(%rsp), %xmm6
    movaps 48(%rsp), %xmm7
    movaps 64(%rsp), %xmm8
    movaps 80(%rsp), %xmm9
    movaps 96(%rsp), %xmm10
    movaps 112(%rsp), %xmm11
    movaps 128(%rsp), %xmm12
    movaps 144(%rsp), %xmm13
    movaps 160(%rsp), %xmm14
    movaps 176(%rsp), %xmm15
    addq $200, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rsi
    popq %rdi
    popq %rbx
    popq %rbp
    ret
    .globl quire_fault_landing
    .def quire_fault_landing; .scl 2; .type 32; .endef
quire_fault_landing:
    cld
    xorl %eax, %eax
    jmp 1b
    .seh_endproc
)");
#else
#error "write quire_call_armed for this processor"
#endif

namespace quire::platform {

static_assert(offsetof(FaultFrame, stack) == 0);   // as the instructions above have it

namespace {

constinit WatchTable watched;
constinit thread_local FaultFrame* innermost = nullptr;

LONG CALLBACK on_fault(EXCEPTION_POINTERS* exception) noexcept {
    const EXCEPTION_RECORD& record = *exception->ExceptionRecord;
    const bool in_page = record.ExceptionCode == static_cast<DWORD>(EXCEPTION_IN_PAGE_ERROR);
    if ((!in_page && record.ExceptionCode != static_cast<DWORD>(EXCEPTION_ACCESS_VIOLATION)) ||
        record.NumberParameters < 2 || !watched.covers(record.ExceptionInformation[1])) {
        return EXCEPTION_CONTINUE_SEARCH;
    }
    FaultFrame* const frame = innermost;
    if (frame == nullptr) {
        return EXCEPTION_CONTINUE_SEARCH;
    }
    frame->fault.address = reinterpret_cast<const std::byte*>(record.ExceptionInformation[1]);
    frame->fault.os_code = in_page && record.NumberParameters > 2
                               ? static_cast<std::uint32_t>(record.ExceptionInformation[2])
                               : static_cast<std::uint32_t>(record.ExceptionCode);
    exception->ContextRecord->Rip = reinterpret_cast<DWORD64>(&quire_fault_landing);
    exception->ContextRecord->Rsp = reinterpret_cast<DWORD64>(frame->stack);
    return EXCEPTION_CONTINUE_EXECUTION;
}

}  // namespace

void watch_faults(const std::byte* begin, std::uint64_t bytes) noexcept {
    watched.watch(reinterpret_cast<std::uintptr_t>(begin), bytes);
}

void unwatch_faults(const std::byte* begin) noexcept { watched.unwatch(reinterpret_cast<std::uintptr_t>(begin)); }

void install_fault_handler() noexcept {
    // First in the row: a debugger or a crash reporter behind us would take a fault that we turn into an error.
    [[maybe_unused]] static void* const installed = ::AddVectoredExceptionHandler(1, on_fault);
}

bool call_armed(FaultFrame& frame, void (*body)(void*), void* argument) noexcept {
    FaultFrame*& mine = innermost;   // asked for once: here it costs a call
    frame.outer = mine;
    mine = &frame;
    // The handler is the other party: no store of the arming may be moved past the body, nor left out.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    const bool whole = quire_call_armed(&frame, body, argument) != 0;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    mine = frame.outer;
    return whole;
}

}  // namespace quire::platform
