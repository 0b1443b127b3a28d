package branding

import (
	"strings"
	"testing"
)

func TestCheckCSS(t *testing.T) {
	t.Parallel()
	for _, css := range []string{
		"", " \n", "/* nothing yet */",
		".label-customizable{}",
		".logo-customizable { max-width: 60%; }\n\n.submitButton-customizable:hover,\n.idpButton-customizable:hover {\n\tcolor: #fff;\n}\n",
		`.banner-customizable { background: url("https://example.org/a.png"), url(/b.png); content: "} body { @"; }`,
		`.label-customizable { /* } body { " ' */ font: 12px/1.5 'It\'s'; }`,
	} {
		if err := CheckCSS(css); err != nil {
			t.Errorf("%s: %v", css, err)
		}
	}
	for css, want := range map[string]string{
		"@import 'x';": "must not contain @",
		"@media print { .label-customizable { color: red } }":          "must not contain @",
		".label-customizable { color: red":                             "braces that do not match",
		".label-customizable } body {":                                 "braces that do not match",
		".label-customizable { { } }":                                  "braces that do not match",
		".label-customizable":                                          "braces that do not match",
		".label-customizable p { }":                                    "cannot be customized: .label-customizable p",
		".label-customizable, { }":                                     "cannot be customized: ",
		".label-customizable { } * { }":                                "cannot be customized: *",
		"/* </style><script> */":                                       "must not contain <",
		`.label-customizable { content: "</style>" }`:                  "must not contain <",
		".label-customizable { background: url(JavaScript:alert(1)) }": "must not contain url(",
		`.label-customizable { background: url("JavaScript:x") }`:      "must not contain JavaScript:",
		".label-customizable { width: Expression(1) }":                 "must not contain Expression(",
		"/* no end": "without an end",
		".label-customizable { content: 'no end\n' }": "without an end",
		`.label-customizable { content: '\`:           "without an end",
		// What would be a text or a comment elsewhere hides nothing.
		`.label-customizable{a:url(x"y)} body{} .label-customizable{a:"}`:    "must not contain url(",
		`.label-customizable{a:url(//x/*)} body{} .label-customizable{a:*/}`: "must not contain url(",
		`.label-customizable{a:u\72l(x"y)} body{} .label-customizable{a:"b}`: `must not contain \`,
		`.label-customizable{a:"/*"} body{} .label-customizable{a:"*/"}`:     "cannot be customized: body",
	} {
		if err := CheckCSS(css); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", css, err, want)
		}
	}
}

// Whatever passes has only selectors that may be there, and cannot leave a style
// element.
func FuzzCheckCSS(f *testing.F) {
	f.Add(".label-customizable { color: red; }")
	f.Add(`/* "a" */ .banner-customizable{a:"\""}`)
	f.Add(".a{b:url(c)}")
	f.Fuzz(func(t *testing.T, css string) {
		if CheckCSS(css) != nil {
			return
		}
		if strings.Contains(css, "<") {
			t.Errorf("%q can end a style element", css)
		}
		plain, ok := withoutComments(css)
		if !ok {
			t.Fatalf("%q has no end", css)
		}
		for rule := range strings.SplitSeq(plain, "}") {
			if selector, _, is := strings.Cut(rule, "{"); is && !strings.Contains(selector, "-customizable") {
				t.Errorf("%q has the rule %q", css, rule)
			}
		}
	})
}
