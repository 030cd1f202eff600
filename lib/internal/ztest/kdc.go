package ztest

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Realm is the realm of KDC.
const Realm = "ZTOOLS.TEST"

// The configuration of a KDC that listens on loopback only.
const (
	krb5Conf = `[libdefaults]
 default_realm = %[1]s
 dns_lookup_kdc = false
 dns_lookup_realm = false
 dns_canonicalize_hostname = false
 rdns = false
 udp_preference_limit = 1
 permitted_enctypes = %[3]s
 default_tkt_enctypes = %[3]s
 default_tgs_enctypes = %[3]s
[realms]
 %[1]s = {
  kdc = 127.0.0.1:%[2]d
 }
[logging]
 kdc = STDERR
 default = STDERR
`
	kdcConf = `[kdcdefaults]
 kdc_listen = 127.0.0.1:%[2]d
 kdc_tcp_listen = 127.0.0.1:%[2]d
[realms]
 %[1]s = {
  database_name = %[3]s/principal
  key_stash_file = %[3]s/stash
  acl_file = %[3]s/acl
  supported_enctypes = %[4]s
  master_key_type = aes256-cts-hmac-sha1-96
 }
[dbmodules]
 %[1]s = {
  db_library = db2
 }
`
)

// KDC starts MIT Kerberos' KDC for the time of the test, with the realm Realm
// and the principals, whose keys are in the keytab of the environment: KRB5_CONFIG,
// KRB5_KTNAME, KRB5_CLIENT_KTNAME and KRB5CCNAME (a cache in memory) are set. Without it the test is
// skipped, or fails with ZTOOLS_REQUIRE_PEERS=1.
func KDC(t testing.TB, enctype string, principals ...string) (dir string) {
	t.Helper()
	server, err := exec.LookPath("/usr/sbin/krb5kdc")
	if err != nil {
		Skip(t, "krb5-kdc and krb5-admin-server: "+err.Error())
	}
	dir = t.TempDir()
	port := freePort(t)
	for name, text := range map[string]string{
		"krb5.conf": fmt.Sprintf(krb5Conf, Realm, port, enctype),
		"kdc.conf":  fmt.Sprintf(kdcConf, Realm, port, dir, enctype+":normal"),
		"acl":       "",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, value := range map[string]string{
		"KRB5_CONFIG": "krb5.conf", "KRB5_KDC_PROFILE": "kdc.conf", "KRB5_KTNAME": "keytab", "KRB5_CLIENT_KTNAME": "keytab",
		"KRB5RCACHEDIR": "",
	} {
		t.Setenv(name, filepath.Join(dir, value))
	}
	t.Setenv("KRB5CCNAME", "MEMORY:") // one file holds the tickets of one principal only
	run(t, "/usr/sbin/kdb5_util", "create", "-s", "-r", Realm, "-P", "master")
	for _, p := range principals {
		run(t, "/usr/sbin/kadmin.local", "-r", Realm, "addprinc", "-randkey", p)
		run(t, "/usr/sbin/kadmin.local", "-r", Realm, "ktadd", "-k", filepath.Join(dir, "keytab"), p)
	}
	serve(t, exec.Command(server, "-n", "-r", Realm, "-P", filepath.Join(dir, "pid")))
	return dir
}

// serve starts a server that tells on stderr when it is ready, and ends it with
// the test.
func serve(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines, ready, over := bufio.NewScanner(stderr), make(chan bool), make(chan struct{})
	go func() {
		defer close(over)
		started := false
		for lines.Scan() {
			if !started && strings.Contains(lines.Text(), "commencing operation") {
				started = true
				ready <- true
			}
		}
		if !started {
			close(ready)
		}
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-over
		cmd.Wait()
	})
	if !<-ready {
		t.Fatalf("%v did not start", cmd)
	}
}

func run(t testing.TB, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
}

// freePort is a port on loopback that nobody listens at.
func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
