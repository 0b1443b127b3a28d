package userpool

import (
	"context"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/userpool/csvimport"
	"pintail/internal/wire"
)

// getCSVHeader implements GetCSVHeader.
func (s *Service) getCSVHeader(ctx context.Context, c *wire.Call, in *cognitoidp.GetCSVHeaderRequest) (*cognitoidp.GetCSVHeaderResponse, error) {
	p, err := s.poolOf(ctx, c, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.GetCSVHeaderResponse{UserPoolId: p.Id, CSVHeader: p.csvHeader()}, nil
}

// csvHeader returns the columns of a file with users for the pool: the attributes in
// the schema's order, without those that only the server sets, then two of the
// user's. A file may have password_hash besides.
func (p *pool) csvHeader() []string {
	var columns []string
	for _, a := range p.schema.list {
		if a.Name != attrSub && a.Name != attrIdentities {
			columns = append(columns, a.Name)
		}
	}
	return append(columns, csvimport.MFAEnabled, csvimport.Username)
}
