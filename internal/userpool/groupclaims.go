package userpool

import (
	"cmp"
	"math"
	"slices"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
)

// groupClaims are what a user's groups add to tokens.
type groupClaims struct {
	// Names are cognito:groups, Roles cognito:roles, both in the order of precedence.
	Names, Roles []string
	// PreferredRole is cognito:preferred_role, empty when no role comes first.
	PreferredRole string
}

// groupsOf returns what a user's groups add to tokens. Who is in no group costs no read.
func (p *pool) groupsOf(tx store.Tx, u *user) (groupClaims, error) {
	found, _, err := p.groupsPage(tx, u, store.Query{Limit: maxGroupsOfUser})
	if err != nil {
		return groupClaims{}, err
	}
	return newGroupClaims(found), nil
}

// newGroupClaims orders groups and chooses a role: the one of the group with the
// lowest precedence, unless another group of the same precedence has another role
// (Cognito API reference, CreateGroup). Groups of equal precedence come by name.
func newGroupClaims(found []*cognitoidp.GroupType) (g groupClaims) {
	slices.SortFunc(found, func(a, b *cognitoidp.GroupType) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.GroupName, b.GroupName))
	})
	var first int64 // rank of the preferred role
	for _, group := range found {
		g.Names = append(g.Names, group.GroupName)
		role := group.RoleArn
		switch {
		case role == "":
			continue
		case len(g.Roles) == 0:
			g.PreferredRole, first = role, rank(group)
		case rank(group) == first && role != g.Roles[0]:
			g.PreferredRole = ""
		}
		if !slices.Contains(g.Roles, role) {
			g.Roles = append(g.Roles, role)
		}
	}
	return g
}

// rank is a group's place: a group without a precedence comes after all others.
func rank(group *cognitoidp.GroupType) int64 {
	if group.Precedence == nil {
		return math.MaxInt64
	}
	return int64(*group.Precedence)
}
