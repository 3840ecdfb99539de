use super::Arch;

/// Arm's processors with 64 bits.
pub const AARCH64: Arch = Arch {
    name: "aarch64",
    names: &["arm64", "aarch64"],
    // It brings its own C library, so that no compiler for C is needed.
    target: "aarch64-unknown-linux-musl",
    linker: Some("rust-lld"),
    debian: "arm64",
    debian_index: "main/binary-arm64/Packages",
    debian_flavours: ["cloud-arm64", "arm64"],
    debian_libraries: ["usr/lib/aarch64-linux-gnu", "lib/aarch64-linux-gnu"],
    debian_loader: "lib/aarch64-linux-gnu/ld-linux-aarch64.so.1",
    qemu: "qemu-system-aarch64",
    qemu_tool: "qemu-arm64",
    qemu_packages: &["qemu-system-arm", "qemu-system-common", "qemu-system-data"],
    // Its accelerator is no module.
    qemu_files: &["usr/bin/qemu-system-aarch64"],
    qemu_modules: "usr/lib/aarch64-linux-gnu/qemu",
    busybox_tool: "busybox-arm64",
    machine: "virt",
    // Modules, a network and six disks.
    slots: Some(8),
    cpu: "cortex-a57",
    // KVM runs no other on this architecture.
    kvm_cpu: "host",
    // What is plugged into a slot has the memory that was kept free behind it. 2 MB are the
    // kernel's default, and modules take up to 256.
    command_line: &["console=ttyAMA0,115200", "pci=hpmmioprefsize=1G"],
    console: "console=ttyAMA0",
    elf_machine: 183,
    // QEMU's processor could; the cloud kernels of Debian and what a program needs there
    // were not tried.
    elf_machine_32: None,
    libraries: ["lib/aarch64-linux-gnu", "lib64", "lib"],
    libraries_32: ["lib/arm-linux-gnueabihf", "lib32", "lib"],
    cross_root: "/usr/aarch64-linux-gnu",
    tree: "arch/arm64",
    built_image: "Image",
    place: "pc : ",
    // arch/arm64/kernel/entry.S and entry-common.c; since 5.14 the first two have a level
    // and a width in their names.
    interrupts: &["el0_irq", "el1_irq", "el0t_64_irq", "el1h_64_irq"],
    hosts_fault: None,
};
