package identitypool

import (
	"context"
	"maps"
	"regexp"
	"strings"

	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/wire"
)

// maxTags is how many a pool can have.
const maxTags = 50

// tagText are the characters of keys and values of tags in all of AWS.
var tagText = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return invalid("An identity pool can have at most %d tags.", maxTags)
	}
	for key, value := range tags {
		switch {
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return invalid("Tag keys that begin with aws: are reserved.")
		case !tagText.MatchString(key) || !tagText.MatchString(value):
			return invalid("Tags can hold letters, numbers, spaces and the characters _ . : / = + - @ only.")
		}
	}
	return nil
}

// taggedPool returns the id of the pool that an ARN names.
func (s *Service) taggedPool(arn string) (string, error) {
	id := arn[strings.LastIndexByte(arn, '/')+1:]
	switch {
	case arn == s.poolARN(id):
		return id, nil
	case anyPoolARN.MatchString(arn): // of another account, for which this call does not speak
		return "", cognitoidentity.ResourceNotFoundException.Newf("Resource %s does not exist.", arn)
	}
	return "", invalid("%s is not the ARN of an identity pool.", arn)
}

var anyPoolARN = regexp.MustCompile(`^arn:[\w-]+:cognito-identity:[\w-]+:\d{12}:identitypool/[\w-]+:[0-9a-f-]+$`)

// tagResource implements TagResource.
func (s *Service) tagResource(ctx context.Context, c *wire.Call, in *cognitoidentity.TagResourceInput) (*cognitoidentity.TagResourceResponse, error) {
	id, err := s.taggedPool(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return nil, s.changePool(ctx, c, id, func(p *pool) error {
		tags := map[string]string{}
		maps.Copy(tags, p.IdentityPoolTags)
		maps.Copy(tags, in.Tags)
		p.IdentityPoolTags = tags
		return checkTags(tags)
	})
}

// untagResource implements UntagResource. Tags that are not there are no matter.
func (s *Service) untagResource(ctx context.Context, c *wire.Call, in *cognitoidentity.UntagResourceInput) (*cognitoidentity.UntagResourceResponse, error) {
	id, err := s.taggedPool(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return nil, s.changePool(ctx, c, id, func(p *pool) error {
		for _, key := range in.TagKeys {
			delete(p.IdentityPoolTags, key)
		}
		return nil
	})
}

// listTagsForResource implements ListTagsForResource.
func (s *Service) listTagsForResource(ctx context.Context, c *wire.Call, in *cognitoidentity.ListTagsForResourceInput) (*cognitoidentity.ListTagsForResourceResponse, error) {
	id, err := s.taggedPool(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	p, err := s.viewPool(ctx, c, id)
	if err != nil {
		return nil, err
	}
	out := &cognitoidentity.ListTagsForResourceResponse{Tags: map[string]string{}}
	maps.Copy(out.Tags, p.IdentityPoolTags)
	return out, nil
}
