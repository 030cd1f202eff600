package ztest

import (
	"bufio"
	"cmp"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Realm is the realm of KDC, OtherRealm one that it has if a principal is there.
const (
	Realm      = "ZTOOLS.TEST"
	OtherRealm = "OTHER.TEST"
)

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
[domain_realm]
 .other.test = OTHER.TEST
[logging]
 kdc = STDERR
 default = STDERR
[realms]
`
	krb5Realm = ` %[1]s = {
  kdc = 127.0.0.1:%[2]d
 }
`
	kdcConf = `[kdcdefaults]
 kdc_listen = 127.0.0.1:%[2]d
 kdc_tcp_listen = 127.0.0.1:%[2]d
[dbmodules]
 %[1]s = {
  db_library = db2
 }
[realms]
`
	kdcRealm = ` %[1]s = {
  database_name = %[3]s/%[1]s
  database_module = %[5]s
  key_stash_file = %[3]s/%[1]s.stash
  acl_file = %[3]s/acl
  supported_enctypes = %[4]s
  master_key_type = aes256-cts-hmac-sha1-96
 }
`
)

// KDC starts MIT Kerberos' KDC for the time of the test, with the principals, in
// Realm where they name none, whose keys are in the keytab of the environment:
// KRB5_CONFIG, KRB5_KTNAME, KRB5_CLIENT_KTNAME and KRB5CCNAME (a cache in memory) are
// set. A principal may be in OtherRealm, of the hosts under other.test; the two trust
// each other. Without the KDC the test is skipped, or fails with
// ZTOOLS_REQUIRE_PEERS=1.
func KDC(t testing.TB, enctype string, principals ...string) (dir string) {
	t.Helper()
	server, err := exec.LookPath("/usr/sbin/krb5kdc")
	if err != nil {
		Skip(t, "krb5-kdc and krb5-admin-server: "+err.Error())
	}
	dir = t.TempDir()
	realms := []string{Realm}
	if slices.ContainsFunc(principals, func(p string) bool { return strings.HasSuffix(p, "@"+OtherRealm) }) {
		realms = append(realms, OtherRealm)
	}
	configure(t, dir, enctype, realms)
	t.Setenv("KRB5CCNAME", "MEMORY:") // one file holds the tickets of one principal only
	args := []string{"-n", "-P", filepath.Join(dir, "pid")}
	for _, realm := range realms {
		run(t, "/usr/sbin/kdb5_util", "create", "-s", "-r", realm, "-P", "master")
		args = append(args, "-r", realm)
		for _, other := range realms {
			if other != realm {
				kadmin(t, realm, "addprinc", "-pw", "trust", "krbtgt/"+other)
				kadmin(t, realm, "addprinc", "-pw", "trust", "krbtgt/"+realm+"@"+other)
			}
		}
	}
	for _, p := range principals {
		name, realm, _ := strings.Cut(p, "@")
		realm = cmp.Or(realm, Realm)
		kadmin(t, realm, "addprinc", "-randkey", name)
		kadmin(t, realm, "ktadd", "-k", filepath.Join(dir, "keytab"), name)
	}
	serve(t, exec.Command(server, args...))
	return dir
}

// configure writes the files of KDC and client, and has the environment name them.
func configure(t testing.TB, dir, enctype string, realms []string) {
	t.Helper()
	port := freePort(t)
	krb5, kdc := fmt.Sprintf(krb5Conf, Realm, port, enctype), fmt.Sprintf(kdcConf, Realm, port)
	for _, realm := range realms {
		krb5 += fmt.Sprintf(krb5Realm, realm, port)
		kdc += fmt.Sprintf(kdcRealm, realm, port, dir, enctype+":normal", Realm)
	}
	for name, text := range map[string]string{"krb5.conf": krb5, "kdc.conf": kdc, "acl": ""} {
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
}

// kadmin changes the principals of a realm.
func kadmin(t testing.TB, realm string, args ...string) {
	t.Helper()
	run(t, "/usr/sbin/kadmin.local", append([]string{"-r", realm}, args...)...)
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
