// Makes a PID namespace for its children, and starts one in it.
//
// A Go program has several threads before main is called. Linux 3.8 to 3.11
// refuse a process with several threads a new PID namespace.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

func main() {
	if err := syscall.Unshare(syscall.CLONE_NEWPID); err != nil {
		fmt.Fprintf(os.Stderr, "Error unsharing PID namespace: %v\n", err)
		os.Exit(1)
	}
	child := exec.Command(os.Args[1], os.Args[2:]...)
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := child.Run(); err != nil {
		fmt.Fprintf(os.Stderr, "Error running the child: %v\n", err)
		os.Exit(1)
	}
	fmt.Println("Exited shell")
}
