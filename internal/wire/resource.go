package wire

import (
	"context"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"pintail/internal/gen/model"
)

// resourceFunc names the ARNs that a call acts on.
type resourceFunc func(ctx context.Context, c *Call, in any) ([]string, error)

// compileResources turns an operation's ARN templates into a function over its
// input. It panics on a template that names no member: templates are
// generated, so that is a fault found by the first test that builds a Router.
func compileResources(op *model.Operation) resourceFunc {
	templates := make([]template, len(op.Resources))
	in := reflect.TypeOf(op.NewInput()).Elem()
	for i, text := range op.Resources {
		templates[i] = compileTemplate(op.Name, text, in)
	}
	return func(_ context.Context, c *Call, in any) ([]string, error) {
		arns := make([]string, len(templates))
		v := reflect.ValueOf(in).Elem()
		for i, t := range templates {
			arns[i] = t.expand(c, v)
		}
		return arns, nil
	}
}

// template is a compiled ARN template: literal text between parts that are
// looked up in the call or in its input.
type template []func(b *strings.Builder, c *Call, in reflect.Value)

func (t template) expand(c *Call, in reflect.Value) string {
	var b strings.Builder
	for _, part := range t {
		part(&b, c, in)
	}
	return b.String()
}

func compileTemplate(op, text string, in reflect.Type) template {
	var t template
	for text != "" {
		open := strings.IndexByte(text, '{')
		if open < 0 {
			return append(t, literal(text))
		}
		end := strings.IndexByte(text[open:], '}') + open
		name := text[open+1 : end]
		if variable := open > 0 && text[open-1] == '$'; variable {
			t = append(t, literal(text[:open-1]), variablePart(op, name))
		} else {
			t = append(t, literal(text[:open]), memberPart(op, name, in))
		}
		text = text[end+1:]
	}
	return t
}

func literal(text string) func(*strings.Builder, *Call, reflect.Value) {
	return func(b *strings.Builder, _ *Call, _ reflect.Value) { b.WriteString(text) }
}

func variablePart(op, name string) func(*strings.Builder, *Call, reflect.Value) {
	switch name {
	case "Partition":
		return literal("aws")
	case "Region":
		return func(b *strings.Builder, c *Call, _ reflect.Value) { b.WriteString(c.Region) }
	case "Account":
		return func(b *strings.Builder, c *Call, _ reflect.Value) { b.WriteString(c.Account) }
	}
	panic(fmt.Sprintf("wire: resource template of %s names ${%s}", op, name))
}

// memberPart writes the input member of a path such as "UserPoolId" or
// "SourceUser.Name". A path that the caller left out (IAM's Path) is "/".
func memberPart(op, path string, in reflect.Type) func(*strings.Builder, *Call, reflect.Value) {
	var index [][]int
	t := in
	for name := range strings.SplitSeq(path, ".") {
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		f, ok := t.FieldByName(name)
		if !ok {
			panic(fmt.Sprintf("wire: resource template of %s names {%s}, which its input lacks", op, path))
		}
		index = append(index, f.Index)
		t = f.Type
	}
	absent := ""
	if path == "Path" {
		absent = "/"
	}
	return func(b *strings.Builder, _ *Call, v reflect.Value) {
		for _, i := range index {
			if v.Kind() == reflect.Pointer {
				if v.IsNil() {
					b.WriteString(absent)
					return
				}
				v = v.Elem()
			}
			v = v.FieldByIndex(i)
		}
		if text := fmt.Sprint(v); v.IsValid() && text != "" {
			b.WriteString(text)
			return
		}
		b.WriteString(absent)
	}
}

func epoch(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

func boolean(b bool) string { return strconv.FormatBool(b) }
