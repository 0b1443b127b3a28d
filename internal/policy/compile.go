package policy

// compile turns a validated document into the form that Evaluate walks.
func (d *rawDocument) compile(kind Kind) *Document {
	vars := d.version == version2012
	doc := &Document{kind: kind, statements: make([]statement, len(d.statements))}
	for i := range d.statements {
		doc.statements[i] = d.statements[i].compile(vars)
	}
	return doc
}

func (s *rawStatement) compile(vars bool) statement {
	c := statement{sid: s.sid, deny: s.effect == "Deny", principals: s.principals, variables: vars, begin: s.begin, end: s.end}
	c.actions.not = s.action.negated()
	for _, a := range s.action.values {
		p := compile(fold(a), true, false)
		p.source = a
		c.actions.patterns = append(c.actions.patterns, p)
	}
	if s.resource.name != "" {
		c.resources = &resourceSet{not: s.resource.negated()}
		for _, r := range s.resource.values {
			c.resources.patterns = append(c.resources.patterns, resourcePattern(r, vars))
		}
	}
	for _, raw := range s.conditions {
		c.conditions = append(c.conditions, newCondition(raw, vars))
	}
	return c
}
