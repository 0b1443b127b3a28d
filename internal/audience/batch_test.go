package audience_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint/types"
)

func (s *server) batch(t testing.TB, app string, items ...types.EndpointBatchItem) (*types.MessageBody, error) {
	t.Helper()
	out, err := s.UpdateEndpointsBatch(t.Context(), &pinpoint.UpdateEndpointsBatchInput{
		ApplicationId: &app, EndpointBatchRequest: &types.EndpointBatchRequest{Item: items},
	})
	if err != nil {
		return nil, err
	}
	return out.MessageBody, nil
}

func item(id string, metric string, value float64) types.EndpointBatchItem {
	return types.EndpointBatchItem{Id: &id, Metrics: map[string]float64{metric: value}}
}

func TestBatch(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	answer, err := s.batch(t, app, item("a", "x", 1), item("B", "x", 2), item("a", "y", 3), item("b", "x", 4))
	must(t, err)
	if *answer.Message != "Accepted" || *answer.RequestID == "" {
		t.Errorf("answered %s %s", *answer.Message, *answer.RequestID)
	}
	same(t, s.endpoint(t, app, "a").Metrics, map[string]float64{"x": 1, "y": 3})
	same(t, s.endpoint(t, app, "B").Metrics, map[string]float64{"x": 4})
	_, err = s.GetEndpoint(t.Context(), &pinpoint.GetEndpointInput{ApplicationId: &app, EndpointId: aws.String("b")})
	refused(t, err, "NotFoundException", `No endpoint with the id "b" was found.`)
	if code, answer := s.raw(t, "PUT", "/v1/apps/"+app+"/endpoints", `{"Item":[]}`); code != 202 || answer["Message"] != "Accepted" {
		t.Errorf("an empty batch: %d %v", code, answer)
	}
}

// TestBatchIsOne: when one item is refused nothing is written.
func TestBatchIsOne(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	for name, test := range map[string]struct {
		bad     types.EndpointBatchItem
		message string
	}{
		"before the transaction": {types.EndpointBatchItem{Id: aws.String("b"), OptOut: aws.String("?")}, "OptOut must be ALL or NONE."},
		"inside the transaction": {types.EndpointBatchItem{Id: aws.String("b"), ChannelType: "SMS"}, "Missing Address"},
		"without id":             {types.EndpointBatchItem{}, "Missing Id"},
		"with a bad id":          {types.EndpointBatchItem{Id: aws.String("$")}, "An endpoint id must not contain $, { or }, or characters that are not text."},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.batch(t, app, item("a", "x", 1), test.bad, item("c", "x", 1))
			refused(t, err, "BadRequestException", test.message)
			for _, id := range []string{"a", "c"} {
				_, err := s.GetEndpoint(t.Context(), &pinpoint.GetEndpointInput{ApplicationId: &app, EndpointId: &id})
				refused(t, err, "NotFoundException", fmt.Sprintf("No endpoint with the id %q was found.", id))
			}
		})
	}
}

func TestBatchLimit(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	var items []types.EndpointBatchItem
	for i := range 101 {
		items = append(items, item(fmt.Sprint(i), "x", float64(i)))
	}
	_, err := s.batch(t, app, items...)
	refused(t, err, "BadRequestException", "A batch has at most 100 endpoints.")
	_, err = s.batch(t, app, items[:100]...)
	must(t, err)
	same(t, s.endpoint(t, app, "99").Metrics, map[string]float64{"x": 99})
	_, err = s.batch(t, "ffffffffffffffffffffffffffffffff", items[0])
	refused(t, err, "NotFoundException", `No application with the id "ffffffffffffffffffffffffffffffff" was found.`)
}
