package main

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ztools/lib/cli"
	"ztools/lib/cli/clitest"
	"ztools/lib/curve"
	"ztools/lib/secret"
)

// told runs zcat and returns all that it printed.
func told(args ...string) (status int, text string) {
	var out, err bytes.Buffer
	status = newTool().Main(append([]string{"zcat", "--timeout", "60s"}, args...), cli.Stdio{In: strings.NewReader(""), Out: &out, Err: &err})
	return status, out.String() + err.String()
}

// served runs a server of one message beside its clients: strangers, who are
// refused, and then one who is let in. It returns what all of them told.
func served(t *testing.T, server []string, clients ...[]string) string {
	t.Helper()
	endpoint := "ipc://" + filepath.Join(t.TempDir(), "s")
	var all strings.Builder
	over := make(chan string, 1)
	go func() {
		status, text := told(append([]string{"pull", endpoint, "-n", "1", "-vvv"}, server...)...)
		if status != cli.StatusOK {
			t.Errorf("server: status %d, %s", status, text)
		}
		over <- text
	}()
	for i, client := range clients {
		status, text := told(append([]string{"push", endpoint, "-d", "hello", "-vvv"}, client...)...)
		if refused := i < len(clients)-1; (status == cli.StatusRefused) != refused {
			t.Errorf("client %d: status %d, %s", i, status, text)
		}
		all.WriteString(text)
	}
	text := <-over
	if !strings.Contains(text, "refused: ") || !strings.Contains(text, "let in: ") {
		t.Errorf("the server told %s", text)
	}
	return all.String() + text
}

// No secret is told, however much a tool tells, to whoever is let in or not.
func TestNoSecretIsTold(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := secret.Create(path, []byte(text), secret.Mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	server, client, stranger := curve.Generate(), curve.Generate(), curve.Generate()
	as := func(name string, own curve.Pair) []string {
		return []string{"--curve-key", file(name, own.Secret.Text()), "--server-key", server.Public.Text()}
	}
	by := func(name, password string) []string {
		return []string{"--plain-user", "alice", "--plain-password-file", file(name, password+"\n")}
	}
	all := served(t, []string{"--curve-server", "--curve-key", file("server", server.Secret.Text()), "--curve-allow", file("list", client.Public.Text())},
		as("stranger", stranger), as("client", client)) +
		served(t, []string{"--plain-allow", file("users", "alice=hunter2\n")}, by("wrong", "letmein"), by("right", "hunter2"))
	secrets := []string{"hunter2", "letmein"}
	for _, pair := range []curve.Pair{server, client, stranger} {
		key := pair.Secret[:]
		secrets = append(secrets, pair.Secret.Text(), string(key), hex.EncodeToString(key), strings.ToUpper(hex.EncodeToString(key)))
	}
	for i, s := range secrets {
		if strings.Contains(all, s) {
			t.Errorf("secret %d is told: %s", i, all)
		}
	}
}

// A Kerberos service lets in the principals of its list, which is read again.
func TestKerberosList(t *testing.T) {
	realm := clitest.KDC(t, "alice", "zmq/localhost")
	endpoint, list := "ipc://"+filepath.Join(t.TempDir(), "s"), filepath.Join(t.TempDir(), "list")
	write := func(name string) {
		if err := os.WriteFile(list, []byte(name+"@"+realm+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("bob")
	over := make(chan string, 1)
	go func() {
		status, text := told("pull", endpoint, "-n", "1", "-vv", "--gssapi-server", "--gssapi-principal", "zmq@localhost", "--gssapi-allow", list, "--zap-domain", "d")
		if status != cli.StatusOK {
			t.Errorf("server: status %d", status)
		}
		over <- text
	}()
	client := func() (int, string) {
		return told("push", endpoint, "-d", "hello", "--gssapi-service", "zmq@localhost", "--gssapi-principal", "alice", "--gssapi-nametype", "user")
	}
	if status, text := client(); status != cli.StatusRefused || !strings.Contains(text, "refused us") {
		t.Errorf("who is not on the list: status %d, %s", status, text)
	}
	write("alice")
	for status := cli.StatusRefused; status == cli.StatusRefused; { // the list is looked at once in a second
		var text string
		if status, text = client(); status != cli.StatusOK && status != cli.StatusRefused {
			t.Fatalf("status %d, %s", status, text)
		}
	}
	if text := <-over; !strings.Contains(text, "hello\n") || !strings.Contains(text, "let in: GSSAPI localhost") || !strings.Contains(text, "unknown principal") {
		t.Errorf("the server told %s", text)
	}
}
