// Package wire owns a request's way through Pintail. Rooms register typed
// operations on its Router; the Router takes a request through every phase,
// always the same ones and always in this order:
//
//	route        which operation is this? (route.go)
//	limit        read no more body than the operation may have (body.go)
//	authenticate check the signature, where the operation's scheme asks for one (gate.go)
//	decode       bytes to the generated input (codec.go)
//	authorise    may this caller do this to these resources? (gate.go, resource.go)
//	check        the constraints of AWS's model (pipeline.go)
//	operate      the room's own code
//	encode       the output, or a declared error; all else is an opaque 500 (answer.go)
//	log          one line a request (log.go)
//
// An operation only declares (through its generated description) and answers;
// it cannot forget a phase. What no room answers, the Router answers from the
// same table, and the coverage page is printed from it (coverage.go).
package wire
