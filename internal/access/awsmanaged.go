package access

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base32"
	"encoding/json"
	"time"

	"pintail/internal/keys/ids"
)

// awsPolicies is how the ARNs of AWS's managed policies begin.
const awsPolicies = "arn:aws:iam::aws:policy/"

// awsManagedText holds the policies of AWS's that identity work needs. Their documents are
// AWS's as far as this server has the services; see docs/divergences.md.
//
//go:embed awsmanaged.json
var awsManagedText []byte

// awsManaged are AWS's managed policies by their ARNs.
var awsManaged = readAWSManaged()

func readAWSManaged() map[string]*managedPolicy {
	var list []struct {
		Name, Path, Description, Version string
		Created                          time.Time
		Document                         json.RawMessage
	}
	if err := json.Unmarshal(awsManagedText, &list); err != nil {
		panic(err)
	}
	all := make(map[string]*managedPolicy, len(list))
	for _, p := range list {
		m := &managedPolicy{
			Name: p.Name, Path: p.Path, ID: awsPolicyID(p.Name), ARN: awsPolicies + p.Path[1:] + p.Name, Description: p.Description,
			Created: p.Created, Updated: p.Created, Default: p.Version,
			Versions: []policyVersion{{ID: p.Version, Document: string(p.Document), Created: p.Created}},
		}
		if err := checkManaged(m.current()); err != nil {
			panic(m.ARN + ": " + err.Error())
		}
		all[m.ARN] = m
	}
	return all
}

// awsPolicyID is the unique id of one of AWS's policies: the same on every server.
func awsPolicyID(name string) string {
	sum := sha256.Sum256([]byte(name))
	return string(ids.ManagedPolicy) + base32.StdEncoding.EncodeToString(sum[:])[:17]
}
