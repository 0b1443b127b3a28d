// Package shape holds what the three protocols have in common when they put a
// generated structure's members on the wire: the three timestamp formats, the
// text form of scalars (in paths, query strings, headers, forms and XML), and
// the error of a request that cannot be read. Only the codecs use it.
package shape

// Error says why bytes are not the input of an operation. Its text is meant for
// the caller: it names members of the model and kinds of values, and never
// repeats a value or a key that the caller sent.
type Error struct {
	// Path leads to the member, outermost first, "UserAttributes.2.Value";
	// list elements count from 1 and every map entry is "*". It is empty when
	// the request as a whole is at fault.
	Path string
	// Problem is what is wrong there.
	Problem string
}

// Error returns the path and the problem.
func (e *Error) Error() string {
	if e.Path == "" {
		return e.Problem
	}
	return e.Path + ": " + e.Problem
}

// Problem returns an *Error without a path.
func Problem(problem string) error { return &Error{Problem: problem} }

// In puts a segment in front of the error's path, and passes on any other error.
func In(segment string, err error) error {
	e, ok := err.(*Error)
	if !ok {
		return err
	}
	if e.Path == "" {
		return &Error{Path: segment, Problem: e.Problem}
	}
	return &Error{Path: segment + "." + e.Path, Problem: e.Problem}
}
