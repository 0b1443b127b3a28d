package userpool

import (
	"context"
	"maps"
	"regexp"
	"strings"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// maxTags is how many tags a resource can have (Cognito developer guide, "Tagging").
const maxTags = 50

// tagText are the characters of keys and values of tags in all of AWS.
var tagText = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

// tagFault says what is wrong with a pool's tags, "" for nothing.
func tagFault(tags map[string]string) string {
	if len(tags) > maxTags {
		return "A user pool can have at most 50 tags."
	}
	for key, value := range tags {
		switch {
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return "Tag keys that begin with aws: are reserved."
		case !tagText.MatchString(key) || !tagText.MatchString(value):
			return "Tags can hold letters, numbers, spaces and the characters _ . : / = + - @ only."
		}
	}
	return ""
}

func checkPoolTags(in *cognitoidp.CreateUserPoolRequest) error {
	if fault := tagFault(in.UserPoolTags); fault != "" {
		return cognitoidp.UserPoolTaggingException.New(fault)
	}
	return nil
}

// taggedPool returns the id of the pool that an ARN names.
func taggedPool(c *wire.Call, arn string) (string, error) {
	id, ok := strings.CutPrefix(arn, c.ARN("cognito-idp", "userpool/"))
	switch {
	case ok && id != "":
		return id, nil
	case poolARN.MatchString(arn): // of another account or region, for which this call does not speak
		return "", cognitoidp.ResourceNotFoundException.Newf("Resource %s does not exist.", arn)
	}
	return "", invalid("%s is not the ARN of a user pool.", arn)
}

var poolARN = regexp.MustCompile(`^arn:[\w-]+:cognito-idp:[\w-]+:\d{12}:userpool/[\w-]+$`)

// tagResource implements TagResource.
func (s *Service) tagResource(ctx context.Context, c *wire.Call, in *cognitoidp.TagResourceRequest) (*cognitoidp.TagResourceResponse, error) {
	id, err := taggedPool(c, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	_, err = s.changePool(ctx, c, id, func(_ store.Tx, r *poolRecord) error {
		tags := maps.Clone(r.Settings.UserPoolTags)
		if tags == nil {
			tags = make(map[string]string)
		}
		maps.Copy(tags, in.Tags)
		if fault := tagFault(tags); fault != "" {
			return invalid("%s", fault)
		}
		r.Settings.UserPoolTags = tags
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.TagResourceResponse{}, nil
}

// untagResource implements UntagResource. Tags that are not there are no matter.
func (s *Service) untagResource(ctx context.Context, c *wire.Call, in *cognitoidp.UntagResourceRequest) (*cognitoidp.UntagResourceResponse, error) {
	id, err := taggedPool(c, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	_, err = s.changePool(ctx, c, id, func(_ store.Tx, r *poolRecord) error {
		for _, key := range in.TagKeys {
			delete(r.Settings.UserPoolTags, key)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.UntagResourceResponse{}, nil
}

// listTagsForResource implements ListTagsForResource.
func (s *Service) listTagsForResource(ctx context.Context, c *wire.Call, in *cognitoidp.ListTagsForResourceRequest) (*cognitoidp.ListTagsForResourceResponse, error) {
	id, err := taggedPool(c, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	out := &cognitoidp.ListTagsForResourceResponse{Tags: map[string]string{}}
	err = s.db.View(ctx, func(tx store.Tx) error {
		record, err := s.poolRecord(tx, c, id)
		if err == nil {
			maps.Copy(out.Tags, record.Settings.UserPoolTags)
		}
		return err
	})
	return out, err
}
