package access

import (
	"context"
	"slices"
	"strings"

	"pintail/internal/gen/iam"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// maxTags is how many tags one thing can have.
const maxTags = 50

// newTags returns the tags of something once others were added: a key that is there
// already gets the new value. Keys differ regardless of case.
func newTags(have, added []iam.Tag) ([]iam.Tag, error) {
	seen := make(map[string]bool, len(added))
	tags := slices.Clone(have)
	for _, tag := range added {
		key := strings.ToLower(tag.Key)
		switch {
		case seen[key]:
			return nil, iam.InvalidInputException.New("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		case strings.HasPrefix(key, "aws:"):
			return nil, iam.InvalidInputException.New("Tag keys must not begin with aws:, which is reserved.")
		}
		seen[key] = true
		at, found := findTag(tags, tag.Key)
		if found {
			tags[at] = tag
			continue
		}
		tags = slices.Insert(tags, at, tag)
	}
	if len(tags) > maxTags {
		return nil, iam.LimitExceededException.Newf("The number of tags has reached the maximum limit: %d", maxTags)
	}
	return tags, nil
}

// findTag returns where a tag is, or would be, among tags that are sorted.
func findTag(tags []iam.Tag, key string) (at int, found bool) {
	return slices.BinarySearchFunc(tags, strings.ToLower(key), func(t iam.Tag, key string) int { return strings.Compare(strings.ToLower(t.Key), key) })
}

// withoutTags returns the tags that are left.
func withoutTags(tags []iam.Tag, keys []string) []iam.Tag {
	tags = slices.Clone(tags)
	for _, key := range keys {
		if at, found := findTag(tags, key); found {
			tags = slices.Delete(tags, at, at+1)
		}
	}
	return tags
}

// listTags returns a page of tags.
func (s *Service) listTags(tags []iam.Tag, of, marker string, maxItems *int32) (list []iam.Tag, isTruncated *bool, next string, err error) {
	p, err := s.page(marker, maxItems, "tags", of)
	if err != nil {
		return nil, nil, "", err
	}
	list = takeNamed(p, tags, func(t iam.Tag) string { return strings.ToLower(t.Key) }, func(t iam.Tag) iam.Tag { return t })
	isTruncated, next = p.end()
	return list, isTruncated, next, nil
}

// retag changes the tags of an identity.
func retag[T any](ctx context.Context, s *Service, k *kind[T], name string, apply func([]iam.Tag) ([]iam.Tag, error)) error {
	return change(ctx, s, k, name, func(_ store.Tx, item *T) (err error) {
		i := k.identity(item)
		i.Tags, err = apply(i.Tags)
		return err
	})
}

func adding(tags []iam.Tag) func([]iam.Tag) ([]iam.Tag, error) {
	return func(have []iam.Tag) ([]iam.Tag, error) { return newTags(have, tags) }
}

func removing(keys []string) func([]iam.Tag) ([]iam.Tag, error) {
	return func(have []iam.Tag) ([]iam.Tag, error) { return withoutTags(have, keys), nil }
}

// tagUser implements TagUser.
func (s *Service) tagUser(ctx context.Context, _ *wire.Call, in *iam.TagUserRequest) (*emptyAnswer, error) {
	return nil, retag(ctx, s, users, in.UserName, adding(in.Tags))
}

// untagUser implements UntagUser.
func (s *Service) untagUser(ctx context.Context, _ *wire.Call, in *iam.UntagUserRequest) (*emptyAnswer, error) {
	return nil, retag(ctx, s, users, in.UserName, removing(in.TagKeys))
}

// listUserTags implements ListUserTags.
func (s *Service) listUserTags(ctx context.Context, _ *wire.Call, in *iam.ListUserTagsRequest) (*iam.ListUserTagsResponse, error) {
	u, err := view(ctx, s, users, in.UserName)
	if err != nil {
		return nil, err
	}
	out := new(iam.ListUserTagsResponse)
	out.Tags, out.IsTruncated, out.Marker, err = s.listTags(u.Tags, u.ID, in.Marker, in.MaxItems)
	return out, err
}

// tagRole implements TagRole.
func (s *Service) tagRole(ctx context.Context, _ *wire.Call, in *iam.TagRoleRequest) (*emptyAnswer, error) {
	return nil, retag(ctx, s, roles, in.RoleName, adding(in.Tags))
}

// untagRole implements UntagRole.
func (s *Service) untagRole(ctx context.Context, _ *wire.Call, in *iam.UntagRoleRequest) (*emptyAnswer, error) {
	return nil, retag(ctx, s, roles, in.RoleName, removing(in.TagKeys))
}

// listRoleTags implements ListRoleTags.
func (s *Service) listRoleTags(ctx context.Context, _ *wire.Call, in *iam.ListRoleTagsRequest) (*iam.ListRoleTagsResponse, error) {
	r, err := view(ctx, s, roles, in.RoleName)
	if err != nil {
		return nil, err
	}
	out := new(iam.ListRoleTagsResponse)
	out.Tags, out.IsTruncated, out.Marker, err = s.listTags(r.Tags, r.ID, in.Marker, in.MaxItems)
	return out, err
}

// changePolicyTags changes the tags of a managed policy of the account.
func (s *Service) changePolicyTags(ctx context.Context, arn string, apply func([]iam.Tag) ([]iam.Tag, error)) error {
	return s.changePolicy(ctx, arn, func(_ store.Tx, m *managedPolicy) (err error) {
		m.Tags, err = apply(m.Tags)
		return err
	})
}

// tagPolicy implements TagPolicy.
func (s *Service) tagPolicy(ctx context.Context, _ *wire.Call, in *iam.TagPolicyRequest) (*emptyAnswer, error) {
	return nil, s.changePolicyTags(ctx, in.PolicyArn, adding(in.Tags))
}

// untagPolicy implements UntagPolicy.
func (s *Service) untagPolicy(ctx context.Context, _ *wire.Call, in *iam.UntagPolicyRequest) (*emptyAnswer, error) {
	return nil, s.changePolicyTags(ctx, in.PolicyArn, removing(in.TagKeys))
}

// listPolicyTags implements ListPolicyTags.
func (s *Service) listPolicyTags(ctx context.Context, _ *wire.Call, in *iam.ListPolicyTagsRequest) (*iam.ListPolicyTagsResponse, error) {
	m, err := s.viewPolicy(ctx, in.PolicyArn)
	if err != nil {
		return nil, err
	}
	out := new(iam.ListPolicyTagsResponse)
	out.Tags, out.IsTruncated, out.Marker, err = s.listTags(m.Tags, m.ID, in.Marker, in.MaxItems)
	return out, err
}
