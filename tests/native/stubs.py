"""`python -m tests.native.stubs`: the machine code of `machines`, made anew from its assembly.

The start code calls what a list at DATA_AT says (function, its first argument, number of arguments,
their place), until an entry has no function; that one says what memory to print. The identity
stands for `native_from_obj`, the trap for every other function of MicroPython's.
"""

from __future__ import annotations

import shutil
import subprocess

EXIT_TRAPPED = 77  # as in machines.TRAP_EXIT

# Options of llvm-mc, then start code, identity and trap.
SOURCES = {
    "xtensawin": (
        ("--arch=xtensa", "--mattr=+windowed,+density,+mul32,+exception"),
        """
        movi a2, 5
        slli a2, a2, 20
loop:   l32i a8, a2, 0
        beqz a8, done
        l32i a10, a2, 4
        l32i a11, a2, 8
        movi a12, 0
        l32i a13, a2, 12
        callx8 a8
        addi a2, a2, 16
        j loop
done:   l32i a3, a2, 4
        l32i a4, a2, 8
        movi a6, 1
        movi a2, 13
        syscall
        movi a6, 0
        movi a2, 118
        syscall
""",
        "entry a1, 32\nretw\n",
        "entry a1, 32\nmovi a6, 77\nmovi a2, 118\nsyscall\n",
    ),
    "rv32imc": (
        ("--arch=riscv32", "--mattr=+c,+m"),
        """
        lui s0, 0x500
1:      lw t0, 0(s0)
        beqz t0, 2f
        lw a0, 4(s0)
        lw a1, 8(s0)
        li a2, 0
        lw a3, 12(s0)
        jalr t0
        addi s0, s0, 16
        j 1b
2:      lw a1, 4(s0)
        lw a2, 8(s0)
        li a0, 1
        li a7, 64
        ecall
        li a0, 0
        li a7, 93
        ecall
""",
        "ret\n",
        "li a0, 77\nli a7, 93\necall\n",
    ),
    "x64": (
        ("--arch=x86-64", "--x86-asm-syntax=intel", "--output-asm-variant=1"),
        """
        mov ebx, 0x500000
1:      mov rax, [rbx]
        test rax, rax
        je 2f
        mov rdi, [rbx + 8]
        mov rsi, [rbx + 16]
        xor edx, edx
        mov rcx, [rbx + 24]
        call rax
        add rbx, 32
        jmp 1b
2:      mov edi, 1
        mov rsi, [rbx + 8]
        mov rdx, [rbx + 16]
        mov eax, 1
        syscall
        xor edi, edi
        mov eax, 60
        syscall
""",
        "mov rax, rdi\nret\n",
        "mov edi, 77\nmov eax, 60\nsyscall\n",
    ),
}


def tools() -> tuple[str, str] | None:
    """An assembler that knows Xtensa, and what takes its code out of the object file."""
    for suffix in ("-22", "-21", "-20", ""):
        assembler, copier = shutil.which(f"llvm-mc{suffix}"), shutil.which(f"llvm-objcopy{suffix}")
        if assembler and copier:
            known = subprocess.run([assembler, "--version"], capture_output=True, text=True).stdout
            if "xtensa" in known:
                return assembler, copier
    return None


def assemble(assembler: str, copier: str, options: tuple[str, ...], text: str) -> str:
    """Machine code in hexadecimal. CalledProcessError for text that is not assembly."""
    made = subprocess.run(
        [assembler, *options, "--filetype=obj", "-"], input=text.encode(), capture_output=True,
        check=True,
    )  # fmt: skip
    command = [copier, "-O", "binary", "--only-section=.text", "-", "-"]
    return subprocess.run(command, input=made.stdout, capture_output=True, check=True).stdout.hex()


if __name__ == "__main__":
    found = tools()
    if not found:
        raise SystemExit("no llvm-mc that knows Xtensa (Debian: llvm-22)")
    for name, (options, *texts) in SOURCES.items():
        print(name, *(assemble(*found, options, text) for text in texts), sep="\n  ")
