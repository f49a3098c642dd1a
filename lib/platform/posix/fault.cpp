// SPDX-License-Identifier: MIT
//
// Faults on Linux: one handler for SIGBUS and SIGSEGV, and the few instructions to which it sends a thread.
//
// Invariants  1 The handler calls nothing that is not safe in a signal handler.
//             2 It leaves by returning: the kernel restores the signal mask and leaves the alternate stack.
#include "platform/fault.h"

#include <atomic>
#include <csignal>

#include <ucontext.h>

#include "platform/watch_table.h"

// AddressSanitizer marks parts of the stack; whoever jumps over frames has to tell it. Null without it.
extern "C" [[gnu::weak]] void __asan_handle_no_return();

extern "C" {
// Calls `body`: 1, or 0 if the thread came by quire_fault_landing. A call like any other for the compiler, which need
// not know that its callee is left in the middle (unlike setjmp, whose second return no optimiser models in full).
[[gnu::visibility("hidden")]] int quire_call_armed(quire::platform::FaultFrame* frame, void (*body)(void*),
                                                   void* argument) noexcept;
[[gnu::visibility("hidden")]] void quire_fault_landing() noexcept;   // with the stack pointer of FaultFrame::stack
}

#if defined(__x86_64__)
asm(R"(
    .pushsection .text
    .p2align 4
    .hidden quire_call_armed
    .globl quire_call_armed
    .type quire_call_armed, @function
quire_call_armed:
    .cfi_startproc
    endbr64
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbp, 0
    pushq %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbx, 0
    pushq %r12
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r12, 0
    pushq %r13
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r13, 0
    pushq %r14
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r14, 0
    pushq %r15
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r15, 0
    subq $8, %rsp
    .cfi_adjust_cfa_offset 8
    movq %rsp, (%rdi)
    movq %rdx, %rdi
    call *%rsi
    movl $1, %eax
1:  addq $8, %rsp
    .cfi_remember_state
    .cfi_adjust_cfa_offset -8
    popq %r15
    .cfi_adjust_cfa_offset -8
    popq %r14
    .cfi_adjust_cfa_offset -8
    popq %r13
    .cfi_adjust_cfa_offset -8
    popq %r12
    .cfi_adjust_cfa_offset -8
    popq %rbx
    .cfi_adjust_cfa_offset -8
    popq %rbp
    .cfi_adjust_cfa_offset -8
    ret
    .cfi_restore_state
    .hidden quire_fault_landing
    .globl quire_fault_landing
quire_fault_landing:
    cld
    xorl %eax, %eax
    jmp 1b
    .cfi_endproc
    .size quire_call_armed, . - quire_call_armed
    .popsection
)");
#elif defined(__aarch64__)
asm(R"(
    .pushsection .text
    .p2align 4
    .hidden quire_call_armed
    .globl quire_call_armed
    .type quire_call_armed, %function
quire_call_armed:
    .cfi_startproc
    stp x29, x30, [sp, #-160]!
    .cfi_def_cfa_offset 160
    .cfi_offset x29, -160
    .cfi_offset x30, -152
    mov x29, sp
    stp x19, x20, [sp, #16]
    stp x21, x22, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x25, x26, [sp, #64]
    stp x27, x28, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x9, sp
    str x9, [x0]
    mov x0, x2
    blr x1
    mov w0, #1
1:  ldp x19, x20, [sp, #16]
    ldp x21, x22, [sp, #32]
    ldp x23, x24, [sp, #48]
    ldp x25, x26, [sp, #64]
    ldp x27, x28, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    ldp x29, x30, [sp], #160
    ret
    .hidden quire_fault_landing
    .globl quire_fault_landing
quire_fault_landing:
    mov w0, #0
    b 1b
    .cfi_endproc
    .size quire_call_armed, . - quire_call_armed
    .popsection
)");
#else
#error "write quire_call_armed for this processor"
#endif

namespace quire::platform {

static_assert(offsetof(FaultFrame, stack) == 0);   // as the instructions above have it

namespace {

constinit WatchTable watched;

// initial-exec: a handler must not be the first to ask for the thread's copy.
[[gnu::tls_model("initial-exec")]] constinit thread_local FaultFrame* innermost = nullptr;

// Written before our handler is installed, and then constant.
struct sigaction previous_bus;
struct sigaction previous_segv;

void land(void* context, const FaultFrame& frame) noexcept {
    mcontext_t& machine = static_cast<ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
    machine.gregs[REG_RIP] = reinterpret_cast<greg_t>(&quire_fault_landing);
    machine.gregs[REG_RSP] = reinterpret_cast<greg_t>(frame.stack);
#else
    machine.pc = reinterpret_cast<std::uintptr_t>(&quire_fault_landing);
    machine.sp = reinterpret_cast<std::uintptr_t>(frame.stack);
#endif
}

// What would have happened without us.
void pass_on(int signal, siginfo_t* info, void* context) noexcept {
    const struct sigaction& previous = signal == SIGBUS ? previous_bus : previous_segv;
    const bool sent = info->si_code <= 0;   // by kill(), not by an instruction
    if ((previous.sa_flags & SA_SIGINFO) != 0) {
        previous.sa_sigaction(signal, info, context);
    } else if (previous.sa_handler == SIG_IGN && sent) {
        return;
    } else if (previous.sa_handler == SIG_DFL || previous.sa_handler == SIG_IGN) {
        ::signal(signal, SIG_DFL);
        if (sent) {
            ::raise(signal);
        }   // else the instruction is run again, and its fault ends the process where it happened
    } else {
        previous.sa_handler(signal);
    }
}

void on_fault(int signal, siginfo_t* info, void* context) noexcept {
    const bool ours = info->si_code > 0 && watched.covers(reinterpret_cast<std::uintptr_t>(info->si_addr));
    FaultFrame* const frame = ours ? innermost : nullptr;
    if (frame == nullptr) {
        pass_on(signal, info, context);
        return;
    }
    frame->fault = {static_cast<const std::byte*>(info->si_addr), static_cast<std::uint32_t>(info->si_code)};
    if (__asan_handle_no_return != nullptr) {
        __asan_handle_no_return();
    }
    land(context, *frame);
}

bool install() noexcept {
    struct sigaction ours {};
    ours.sa_sigaction = on_fault;
    // NODEFER: a previous handler may fault itself. ONSTACK: a fault on a full stack is somebody's, if not ours.
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    ::sigemptyset(&ours.sa_mask);
    // Asked for first: the handler may run, in another thread, before a single call could have told.
    ::sigaction(SIGBUS, nullptr, &previous_bus);
    ::sigaction(SIGSEGV, nullptr, &previous_segv);
    return ::sigaction(SIGBUS, &ours, nullptr) == 0 && ::sigaction(SIGSEGV, &ours, nullptr) == 0;
}

}  // namespace

void watch_faults(const std::byte* begin, std::uint64_t bytes) noexcept {
    watched.watch(reinterpret_cast<std::uintptr_t>(begin), bytes);
}

void unwatch_faults(const std::byte* begin) noexcept { watched.unwatch(reinterpret_cast<std::uintptr_t>(begin)); }

void install_fault_handler() noexcept { [[maybe_unused]] static const bool installed = install(); }

bool call_armed(FaultFrame& frame, void (*body)(void*), void* argument) noexcept {
    frame.outer = innermost;
    innermost = &frame;
    // The handler is the other party: no store of the arming may be moved past the body, nor left out.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    const bool whole = quire_call_armed(&frame, body, argument) != 0;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    innermost = frame.outer;
    return whole;
}

}  // namespace quire::platform
