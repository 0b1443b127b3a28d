package audience

import (
	"pintail/internal/gen/model"
	"pintail/internal/gen/pinpoint"
)

// CustomerProfiles is what Amplify's provider "customer-profiles" calls in place
// of Pinpoint: three routes of an API of its own, which has no model of AWS's.
// The stage of the API's address is the project's id.
var CustomerProfiles = model.NewService(model.Service{
	ID:             "customer-profiles",
	Name:           "Customer Profiles, as Amplify calls them",
	APIVersion:     "1",
	Protocol:       model.RESTJSON,
	SigningName:    "execute-api",
	IAMPrefix:      "mobiletargeting",
	EndpointPrefix: "execute-api",
	Operations:     []*model.Operation{identifyUser.Operation, registerDevice.Operation, removeDevice.Operation},
})

// What they do to the project's endpoints needs the same permissions as if
// Pinpoint's operations did it.
var (
	identifyUser = model.Op[identifyUserRequest, model.Empty]{Operation: profileOperation(
		"IdentifyUser", "identify-user", pinpoint.UpdateEndpoint.Action, "*", func() any { return new(identifyUserRequest) })} // see profileResource
	registerDevice = model.Op[registerDeviceRequest, model.Empty]{Operation: profileOperation(
		"RegisterDevice", "register-device", pinpoint.UpdateEndpoint.Action, "{Device.DeviceId}", func() any { return new(registerDeviceRequest) })}
	removeDevice = model.Op[removeDeviceRequest, model.Empty]{Operation: profileOperation(
		"RemoveDevice", "remove-device", pinpoint.DeleteEndpoint.Action, "{DeviceId}", func() any { return new(removeDeviceRequest) })}
)

func profileOperation(name, route, action, endpoint string, in func() any) *model.Operation {
	return &model.Operation{
		Name: name, Method: "POST", Path: "/{application-id}/" + route, Status: 200, Auth: model.SigV4,
		Action:    action,
		Resources: []string{"arn:${Partition}:mobiletargeting:${Region}:${Account}:apps/{ApplicationId}/endpoints/" + endpoint},
		Errors: []*model.ErrorType{
			pinpoint.BadRequestException, pinpoint.InternalServerErrorException, pinpoint.PayloadTooLargeException,
			pinpoint.ForbiddenException, pinpoint.NotFoundException, pinpoint.MethodNotAllowedException, pinpoint.TooManyRequestsException,
		},
		NewInput: in,
	}
}

type identifyUserRequest struct {
	ApplicationId string       `json:"-" http:"uri=application-id"`
	UserProfile   *userProfile `json:"userProfile,omitzero"`
}

type userProfile struct {
	Email            string            `json:"email,omitzero"`
	Name             string            `json:"name,omitzero"`
	Phone            string            `json:"phone,omitzero"`
	Location         *profileLocation  `json:"location,omitzero"`
	CustomAttributes map[string]string `json:"customAttributes,omitzero"`
}

type profileLocation struct {
	City       string `json:"city,omitzero"`
	Country    string `json:"country,omitzero"`
	PostalCode string `json:"postalCode,omitzero"`
	Region     string `json:"region,omitzero"`
}

type registerDeviceRequest struct {
	ApplicationId string  `json:"-" http:"uri=application-id"`
	Device        *device `json:"device,omitzero"`
}

type device struct {
	Token       string               `json:"token,omitzero"`
	DeviceId    string               `json:"deviceId,omitzero"`
	Platform    string               `json:"platform,omitzero"`
	AppVersion  string               `json:"appVersion,omitzero"`
	ChannelType pinpoint.ChannelType `json:"channelType,omitzero"`
}

type removeDeviceRequest struct {
	ApplicationId string `json:"-" http:"uri=application-id"`
	DeviceId      string `json:"deviceId,omitzero"`
}
