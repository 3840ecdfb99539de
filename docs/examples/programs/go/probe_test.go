package probe

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestTestdata(t *testing.T) {
	text, err := os.ReadFile("testdata/input.txt")
	if err != nil || string(text) != "one line\n" {
		t.Fatal(string(text), err)
	}
	if err := os.WriteFile(filepath.Join("testdata", "output.txt"), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestUser(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	t.Log(me.Username, me.HomeDir)
}

func TestLocalhost(t *testing.T) {
	addresses, err := net.LookupHost("localhost")
	if err != nil {
		t.Fatal(err)
	}
	t.Log(addresses)
}

func TestHTTP(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }))
	defer server.Close()
	response, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(response.Body)
	if string(body) != "hello" {
		t.Fatal(string(body))
	}
}

func TestChild(t *testing.T) {
	out, err := exec.Command("/bin/sh", "-c", "echo child").Output()
	if err != nil || strings.TrimSpace(string(out)) != "child" {
		t.Fatal(string(out), err)
	}
}

func TestTimeZone(t *testing.T) {
	if _, err := time.LoadLocation("Europe/Berlin"); err != nil {
		t.Fatal(err)
	}
	t.Log(time.Now().Zone())
}

func TestEnvironment(t *testing.T) {
	if os.Getenv("PROBE") != "set" {
		t.Fatal("PROBE is not set")
	}
}

func TestNamespaces(t *testing.T) {
	command := exec.Command("/bin/sh", "-c", "echo $$")
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWPID,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}}
	out, err := command.Output()
	if err != nil || strings.TrimSpace(string(out)) != "1" {
		t.Fatal(string(out), err)
	}
}
