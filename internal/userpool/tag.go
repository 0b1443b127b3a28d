package userpool

import (
	"regexp"
	"strings"

	"pintail/internal/gen/cognitoidp"
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
