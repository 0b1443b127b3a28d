package wire

import (
	"encoding"
	"fmt"
	"log/slog"
	"reflect"
	"sort"
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
func (r redacted) LogValue() slog.Value { return valueOf(r.v, 0) }

func valueOf(v reflect.Value, depth int) slog.Value {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return slog.Value{}
		}
		v = v.Elem()
	}
	if depth > 8 || !v.IsValid() {
		return slog.StringValue("…")
	}
	if t, ok := v.Interface().(time.Time); ok {
		return slog.TimeValue(t)
	}
	switch v.Kind() {
	case reflect.Struct:
		return structValue(v, depth)
	case reflect.Map:
		return mapValue(v, depth)
	case reflect.Slice:
		return listValue(v, depth)
	case reflect.String:
		return slog.StringValue(v.String())
	}
	if m, ok := v.Interface().(encoding.TextMarshaler); ok {
		text, _ := m.MarshalText()
		return slog.StringValue(string(text))
	}
	return slog.AnyValue(v.Interface())
}

func structValue(v reflect.Value, depth int) slog.Value {
	var attrs []slog.Attr
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if v.Field(i).IsZero() {
			continue
		}
		if f.Tag.Get("sensitive") == "true" {
			attrs = append(attrs, slog.String(f.Name, hiddenText))
			continue
		}
		attrs = append(attrs, slog.Attr{Key: f.Name, Value: valueOf(v.Field(i), depth+1)})
	}
	return slog.GroupValue(attrs...)
}

func mapValue(v reflect.Value, depth int) slog.Value {
	var attrs []slog.Attr
	for iter := v.MapRange(); iter.Next(); {
		key := iter.Key().String()
		if secretParameters[key] {
			attrs = append(attrs, slog.String(key, hiddenText))
			continue
		}
		attrs = append(attrs, slog.Attr{Key: key, Value: valueOf(iter.Value(), depth+1)})
	}
	sort.Slice(attrs, func(i, j int) bool { return attrs[i].Key < attrs[j].Key })
	return slog.GroupValue(attrs...)
}

func listValue(v reflect.Value, depth int) slog.Value {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return slog.StringValue(fmt.Sprintf("%d bytes", v.Len()))
	}
	var attrs []slog.Attr
	for i := range min(v.Len(), 20) {
		attrs = append(attrs, slog.Attr{Key: fmt.Sprint(i + 1), Value: valueOf(v.Index(i), depth+1)})
	}
	return slog.GroupValue(attrs...)
}
