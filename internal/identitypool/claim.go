package identitypool

import (
	"encoding/json"
	"strconv"
	"strings"
)

// texts returns the values of a claim as texts, none for a claim that is absent or an
// object. A list may be written as one text with commas, as the developer guide has
// cognito:roles, but only role ARNs are split: nobody's name is a list.
func texts(claim any) []string {
	list, ok := claim.([]any)
	if !ok {
		one := text(claim)
		switch {
		case one == "":
			return nil
		case strings.HasPrefix(one, "arn:") && strings.Contains(one, ","):
			return strings.Split(strings.ReplaceAll(one, " ", ""), ",")
		}
		return []string{one}
	}
	var values []string
	for _, item := range list {
		if value := text(item); value != "" {
			values = append(values, value)
		}
	}
	return values
}

// text returns a single value, "" if it is absent or no single value.
func text(claim any) string {
	switch v := claim.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case json.Number:
		return v.String()
	}
	return ""
}
