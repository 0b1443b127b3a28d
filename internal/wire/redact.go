package wire

import (
	"encoding"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Redacted shows a generated input in a log without its sensitive members. The
// walk happens only when the log line is really written.
func Redacted(in any) slog.LogValuer { return redacted{reflect.ValueOf(in)} }

type redacted struct{ v reflect.Value }

// hiddenText stands where a sensitive value was.
const hiddenText = "***"

// secretParameters are the keys of string maps (AuthParameters,
// ChallengeResponses, ProviderDetails) whose values are secrets although their
// shapes are not marked.
var secretParameters = map[string]bool{
	"PASSWORD": true, "NEW_PASSWORD": true, "SECRET_HASH": true, "REFRESH_TOKEN": true, "PASSWORD_CLAIM_SIGNATURE": true,
	"PASSWORD_CLAIM_SECRET_BLOCK": true, "SMS_MFA_CODE": true, "EMAIL_OTP_CODE": true, "SMS_OTP_CODE": true,
	"SOFTWARE_TOKEN_MFA_CODE": true, "ANSWER": true, "CREDENTIAL": true,
	"client_secret": true, "private_key": true,
}

// LogValue implements slog.LogValuer.
func (r redacted) LogValue() slog.Value { return logged(asNamed.fieldsOf(r.v, 0)) }

// logged turns plain values into groups, whose members a log line shows one by one.
func logged(v any) slog.Value {
	var attrs []slog.Attr
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			attrs = append(attrs, slog.Attr{Key: key, Value: logged(v[key])})
		}
	case []any:
		for i, item := range v {
			attrs = append(attrs, slog.Attr{Key: strconv.Itoa(i + 1), Value: logged(item)})
		}
	default:
		return slog.AnyValue(v)
	}
	return slog.GroupValue(attrs...)
}

// RedactedFields returns a generated input as plain values for JSON, without its sensitive
// members: what [Redacted] shows in a log, but with names that begin with a small letter,
// as CloudTrail's parameters have them. Keys of maps are the caller's and stay.
func RedactedFields(in any) any { return asInTrail.fieldsOf(reflect.ValueOf(in), 0) }

// naming is how a member's name is shown.
type naming func(string) string

var (
	asNamed   naming = func(name string) string { return name }
	asInTrail naming = func(name string) string { return strings.ToLower(name[:1]) + name[1:] }
)

const (
	deepest  = 8  // members within members that are shown
	maxItems = 20 // of a list
)

// fieldsOf returns a value as maps, lists, texts, numbers and booleans.
func (n naming) fieldsOf(v reflect.Value, depth int) any {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	if depth > deepest || !v.IsValid() {
		return "…"
	}
	if t, ok := v.Interface().(time.Time); ok {
		return t
	}
	switch v.Kind() {
	case reflect.Struct:
		return n.structFields(v, depth)
	case reflect.Map:
		return n.mapFields(v, depth)
	case reflect.Slice:
		return n.listItems(v, depth)
	case reflect.String:
		return v.String()
	}
	if m, ok := v.Interface().(encoding.TextMarshaler); ok {
		text, _ := m.MarshalText()
		return string(text)
	}
	return v.Interface()
}

func (n naming) structFields(v reflect.Value, depth int) any {
	fields := make(map[string]any)
	for i := range v.NumField() {
		f := v.Type().Field(i)
		switch {
		case v.Field(i).IsZero():
		case f.Tag.Get("sensitive") == "true":
			fields[n(f.Name)] = hiddenText
		default:
			fields[n(f.Name)] = n.fieldsOf(v.Field(i), depth+1)
		}
	}
	return fields
}

func (n naming) mapFields(v reflect.Value, depth int) any {
	fields := make(map[string]any, v.Len())
	for iter := v.MapRange(); iter.Next(); {
		key := iter.Key().String()
		if secretParameters[key] {
			fields[key] = hiddenText
			continue
		}
		fields[key] = n.fieldsOf(iter.Value(), depth+1)
	}
	return fields
}

func (n naming) listItems(v reflect.Value, depth int) any {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return fmt.Sprintf("%d bytes", v.Len())
	}
	items := make([]any, min(v.Len(), maxItems))
	for i := range items {
		items[i] = n.fieldsOf(v.Index(i), depth+1)
	}
	return items
}
