package userpool

import (
	"encoding/xml"
	"slices"
)

// Details of SAML providers.
const (
	detailMetadataURL  = "MetadataURL"
	detailMetadataFile = "MetadataFile"
	detailSSO          = "SSORedirectBindingURI"
	detailSLO          = "SLORedirectBindingURI"
)

// redirectBinding is the binding in which the browser carries a message in a URL
// (OASIS SAML 2.0 bindings, section 3.4).
const redirectBinding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"

// checkSAML checks the details of a SAML provider.
func checkSAML(details map[string]string) error {
	address, file := details[detailMetadataURL], details[detailMetadataFile]
	switch {
	case address == "" && file == "":
		return invalid("At least one of the MetadataURL or MetadataFile should be provided.")
	case address != "" && file != "":
		return invalid("Only one of the MetadataURL or MetadataFile should be provided.")
	case address != "" && !isSecureURL(address):
		return invalid("MetadataURL must start with https://")
	case file != "" && parseSAMLMetadata(file) == nil:
		return invalid("MetadataFile is not the metadata of a SAML identity provider.")
	}
	for _, name := range []string{"IDPSignout", "IDPInit", "EncryptedResponses"} {
		if v := details[name]; v != "" && v != "true" && v != "false" {
			return invalid("%s must be true or false.", name)
		}
	}
	if v := details["RequestSigningAlgorithm"]; v != "" && v != "rsa-sha256" {
		return invalid("RequestSigningAlgorithm must be rsa-sha256.")
	}
	return nil
}

// samlEndpoints returns the addresses that a metadata document names.
func samlEndpoints(details map[string]string) map[string]string {
	added := make(map[string]string)
	m := parseSAMLMetadata(details[detailMetadataFile])
	if m == nil {
		return added
	}
	if location := redirectLocation(m.IDP.SignOn); location != "" {
		added[detailSSO] = location
	}
	if location := redirectLocation(m.IDP.SignOut); location != "" {
		added[detailSLO] = location
	}
	return added
}

// samlEntity is the part of a metadata document that is of interest here (OASIS SAML
// 2.0 metadata, section 2).
type samlEntity struct {
	ID  string `xml:"entityID,attr"`
	IDP *struct {
		SignOn  []samlEndpoint `xml:"SingleSignOnService"`
		SignOut []samlEndpoint `xml:"SingleLogoutService"`
	} `xml:"IDPSSODescriptor"`
}

type samlEndpoint struct {
	Binding  string `xml:",attr"`
	Location string `xml:",attr"`
}

// parseSAMLMetadata returns the identity provider that a metadata document
// describes, nil if it describes none.
func parseSAMLMetadata(document string) *samlEntity {
	var root struct {
		samlEntity
		Entities []samlEntity `xml:"EntityDescriptor"` // in a document of several
	}
	if err := xml.Unmarshal([]byte(document), &root); err != nil {
		return nil
	}
	for _, e := range append([]samlEntity{root.samlEntity}, root.Entities...) {
		if e.ID != "" && e.IDP != nil && len(e.IDP.SignOn) > 0 {
			return &e
		}
	}
	return nil
}

func redirectLocation(endpoints []samlEndpoint) string {
	i := slices.IndexFunc(endpoints, func(e samlEndpoint) bool { return e.Binding == redirectBinding })
	if i < 0 {
		return ""
	}
	return endpoints[i].Location
}
