package idp

import (
	"net/netip"
	"testing"
)

func TestGuard(t *testing.T) {
	t.Parallel()
	closed, err := newGuard(nil, false)
	if err != nil {
		t.Fatal(err)
	}
	for address, public := range map[string]bool{
		"8.8.8.8": true, "142.250.1.1": true, "2a00:1450:4001::1": true, "172.32.0.1": true, "100.128.0.1": true,
		"127.0.0.1": false, "127.1.2.3": false, "::1": false, "0.0.0.0": false, "::": false, "0.1.2.3": false,
		"10.0.0.1": false, "172.16.0.1": false, "172.31.255.255": false, "192.168.1.1": false, "fd00::1": false, "fc00::1": false,
		"169.254.169.254": false, "fe80::1": false, "fe80::1%eth0": false, "fec0::1": false, "2a00:1450:4001::1%eth0": false,
		"100.64.0.1": false, "192.0.0.192": false, "198.18.0.1": false, "192.0.2.1": false, "240.0.0.1": false, "255.255.255.255": false,
		"224.0.0.1": false, "ff02::1": false, "2001:db8::1": false, "100::1": false,
		// Addresses that stand for an IPv4 address.
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:8.8.8.8": true, "::127.0.0.1": false,
		"64:ff9b::7f00:1": false, "64:ff9b::808:808": false, "2002:7f00:1::": false, "2001:0:7f00:1::": false,
		"::ffff:0:127.0.0.1": false,
	} {
		addr := netip.MustParseAddr(address)
		if err := closed.check(addr, false, false); (err == nil) != public {
			t.Errorf("%s: %v", address, err)
		}
		if closed.check(addr, false, true) == nil {
			t.Errorf("%s: plain http is let out", address)
		}
	}
}

func TestGuardAllows(t *testing.T) {
	t.Parallel()
	g, err := newGuard([]string{"IDP.internal.", "10.1.0.0/16", "192.168.7.7", "fd00:1::/32"}, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		host, address string
		allowed       bool
	}{
		{"idp.internal", "10.9.9.9:443", true},
		{"IDP.INTERNAL.", "127.0.0.1:443", true},
		{"other.internal", "10.9.9.9:443", false},
		{"x.idp.internal", "10.9.9.9:443", false},
		{"other.internal", "10.1.2.3:443", true},
		{"other.internal", "[::ffff:10.1.2.3]:443", true},
		{"other.internal", "10.2.0.0:443", false},
		{"192.168.7.7", "192.168.7.7:8443", true},
		{"192.168.7.8", "192.168.7.8:8443", false},
		{"other.internal", "[fd00:1::5]:443", true},
		{"other.internal", "[fd00:2::5]:443", false},
		{"idp.internal", "not an address", false},
	} {
		if err := g.control(test.host, false)("tcp4", test.address, nil); (err == nil) != test.allowed {
			t.Errorf("%s at %s: %v", test.host, test.address, err)
		}
		if g.control(test.host, true)("tcp4", test.address, nil) == nil {
			t.Errorf("%s at %s: plain http is let out", test.host, test.address)
		}
	}
	if g.control("idp.internal", false)("udp4", "8.8.8.8:443", nil) == nil {
		t.Error("UDP is let out")
	}
	for _, entry := range []string{"", "https://idp.internal", "idp.internal/path", "*.internal", "idp.internal:443", "10.0.0.0/33", "a b"} {
		if _, err := newGuard([]string{entry}, false); err == nil {
			t.Errorf("%q is taken", entry)
		}
	}
}

func TestGuardLoopback(t *testing.T) {
	t.Parallel()
	g, err := newGuard([]string{"idp.internal", "10.0.0.0/8"}, true)
	if err != nil {
		t.Fatal(err)
	}
	for address, allowed := range map[string]bool{
		"127.0.0.1:80": true, "[::1]:80": true, "[::ffff:127.0.0.1]:80": true, "10.0.0.1:80": false, "8.8.8.8:80": false, "169.254.169.254:80": false,
	} {
		if err := g.control("idp.internal", true)("tcp4", address, nil); (err == nil) != allowed {
			t.Errorf("plain http to %s: %v", address, err)
		}
	}
}
