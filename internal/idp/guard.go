package idp

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
)

// guard decides which addresses may be connected to. It judges the address that is
// dialled, after the name was resolved, so that no name can stand for another address
// than the one that was looked at.
type guard struct {
	hosts    map[string]bool
	networks []netip.Prefix
	loopback bool
}

func newGuard(allow []string, loopback bool) (*guard, error) {
	g := &guard{hosts: make(map[string]bool), loopback: loopback}
	for _, entry := range allow {
		if prefix, err := netip.ParsePrefix(entry); err == nil {
			g.networks = append(g.networks, prefix.Masked())
			continue
		}
		if addr, err := netip.ParseAddr(entry); err == nil {
			addr = addr.Unmap()
			g.networks = append(g.networks, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		if entry == "" || strings.ContainsAny(entry, "/:*@ ") {
			return nil, fmt.Errorf("idp: %q is neither a host name nor an address nor a network", entry)
		}
		g.hosts[hostName(entry)] = true
	}
	return g, nil
}

// hostName is the one spelling of a name.
func hostName(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) }

// control returns the hook of a dialer that connects to host; plain says that what
// follows is not TLS.
func (g *guard) control(host string, plain bool) func(network, address string, _ syscall.RawConn) error {
	named := g.hosts[hostName(host)]
	return func(network, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil || network != "tcp4" && network != "tcp6" {
			return &net.AddrError{Err: "not an address that may be connected to", Addr: address}
		}
		return g.check(at.Addr(), named, plain)
	}
}

// check judges one address.
func (g *guard) check(addr netip.Addr, named, plain bool) error {
	addr = addr.Unmap()
	if addr.IsLoopback() && g.loopback {
		return nil
	}
	if plain {
		return &net.AddrError{Err: "only https, or http to this machine where that is allowed, may be fetched from", Addr: addr.String()}
	}
	if named {
		return nil
	}
	for _, network := range g.networks {
		if network.Contains(addr.WithZone("")) {
			return nil
		}
	}
	if isPublic(addr) {
		return nil
	}
	return &net.AddrError{Err: "a private address, which the configuration does not allow", Addr: addr.String()}
}

// special are the networks that are not the public internet, beside those that
// package netip knows (IANA's registries of special-purpose addresses), and those whose
// addresses stand for an IPv4 address, which may be a private one.
var special = func() []netip.Prefix {
	var prefixes []netip.Prefix
	for _, text := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
		"198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23",
		"2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fec0::/10",
	} {
		prefixes = append(prefixes, netip.MustParsePrefix(text))
	}
	return prefixes
}()

func isPublic(addr netip.Addr) bool {
	if !addr.IsGlobalUnicast() || addr.IsPrivate() || addr.Zone() != "" {
		return false
	}
	for _, network := range special {
		if network.Contains(addr) {
			return false
		}
	}
	return true
}
