package trigger

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"pintail/internal/awscall"
	"pintail/internal/userpool/logexport"
)

// destinationConcurrency is how many idle connections a destination keeps.
const destinationConcurrency = 8

func (l *loader) addDestination(inv *Invoker, arn string, text jsontext.Value) {
	if !isPattern(arn) || !isDestination(arn) {
		l.wrong("destinations", arn, errors.New("is not the ARN of a log group, a delivery stream or a bucket, nor its beginning with * at the end"))
		return
	}
	var e endpointEntry
	err := strict(text, &e)
	if err == nil && e.Region == "" && strings.HasPrefix(arn, "arn:aws:s3:") {
		err = errors.New("needs a region: the ARN of a bucket names none")
	}
	if err != nil {
		l.wrong("destinations", arn, err)
		return
	}
	at, err := l.endpoint(&e, destinationConcurrency)
	if err != nil {
		l.wrong("destinations", arn, fmt.Errorf("the destination%w", err))
		return
	}
	inv.destinations.add(arn, at)
}

// isDestination tells whether an entry's service, if it names one whole, is one that
// takes records.
func isDestination(arn string) bool {
	parts := strings.Split(arn, ":")
	return len(parts) < 4 || logexport.Speaks(parts[2])
}

// Destination returns where the log group, delivery stream or bucket of an ARN is, or
// nil where the file does not say.
func (inv *Invoker) Destination(arn string) *awscall.Endpoint {
	if inv == nil {
		return nil
	}
	return inv.destinations.find(arn)
}
