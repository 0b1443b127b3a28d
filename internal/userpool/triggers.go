package userpool

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"pintail/internal/delivery"
	"pintail/internal/gen/cognitoidp"
	"pintail/internal/userpool/trigger"
	"pintail/internal/wire"
)

// Every function here calls one of the pool's triggers, or does nothing in a pool
// that has none. They run outside of transactions, since what they call may take its
// time. How a trigger is reached, and what its failures are to the caller, is package
// trigger's concern.

// caller is whose call makes a trigger run.
type caller struct {
	*wire.Call
	clientID string            // "" for an administrator's call
	metadata map[string]string // ClientMetadata
}

// header returns what an event about a user begins with.
func (by caller) header(p *pool, source trigger.Source, username string) trigger.Header {
	return trigger.Header{
		Version: trigger.Version1, TriggerSource: source, Region: p.region(), UserPoolID: p.Id, UserName: username,
		CallerContext: trigger.CallerContext{ClientID: by.clientID},
	}
}

// triggerAttributes returns a user's attributes as triggers see them: with the sub and
// the status.
func (u *user) triggerAttributes() map[string]string {
	all := maps.Clone(u.Attributes)
	if all == nil {
		all = make(map[string]string)
	}
	all[attrSub], all["cognito:user_status"] = u.Sub, string(u.Status)
	return all
}

// preSignUp asks the PreSignUp trigger about a new user, who is confirmed and verified
// as it answers. It sees what was given of the user. Only somebody who signs up can be
// confirmed so (Cognito developer guide, "Pre sign-up Lambda trigger").
func (s *Service) preSignUp(ctx context.Context, by caller, p *pool, u *user, source trigger.Source, given, validation []cognitoidp.AttributeType) error {
	if p.LambdaConfig.PreSignUp == "" {
		return nil
	}
	e := &trigger.PreSignUpEvent{Header: by.header(p, source, u.Username)}
	e.Request.UserAttributes, e.Request.ClientMetadata = maps.Clone(u.Attributes), by.metadata
	for _, flag := range []string{attrEmailVerified, attrPhoneVerified} { // which we have set ourselves
		if !slices.ContainsFunc(given, func(a cognitoidp.AttributeType) bool { return a.Name == flag }) {
			delete(e.Request.UserAttributes, flag)
		}
	}
	for _, v := range validation {
		if e.Request.ValidationData == nil {
			e.Request.ValidationData = make(trigger.Map)
		}
		e.Request.ValidationData[v.Name] = v.Value
	}
	if err := trigger.Call(ctx, s.triggers, trigger.PreSignUp, p.LambdaConfig.PreSignUp, e); err != nil || source == trigger.PreSignUpAdminCreateUser {
		return err
	}
	if e.Response.AutoConfirmUser {
		u.Status = cognitoidp.UserStatusTypeConfirmed
	}
	for name, vouched := range map[string]bool{attrEmail: e.Response.AutoVerifyEmail, attrPhone: e.Response.AutoVerifyPhone} {
		switch {
		case vouched && u.Attributes[name] == "":
			return errLambdaOutput()
		case vouched:
			u.verify(name)
		}
	}
	return nil
}

// postConfirmation tells the PostConfirmation trigger. The user is confirmed whatever
// it answers.
func (s *Service) postConfirmation(ctx context.Context, by caller, p *pool, u *user, source trigger.Source) error {
	if p.LambdaConfig.PostConfirmation == "" {
		return nil
	}
	e := &trigger.PostConfirmationEvent{Header: by.header(p, source, u.Username)}
	e.Request.UserAttributes, e.Request.ClientMetadata = u.triggerAttributes(), by.metadata
	return trigger.Call(ctx, s.triggers, trigger.PostConfirmation, p.LambdaConfig.PostConfirmation, e)
}

// customMessage lets the CustomMessage trigger write a notice's texts.
func (s *Service) customMessage(ctx context.Context, by caller, p *pool, u *user, n *notice) error {
	e := &trigger.CustomMessageEvent{Header: by.header(p, trigger.Source("CustomMessage_"+n.why), u.Username)}
	e.Request = trigger.CustomMessageRequest{
		UserAttributes: u.triggerAttributes(), CodeParameter: trigger.CodeParameter, LinkParameter: trigger.LinkParameter, ClientMetadata: by.metadata,
	}
	if n.why == onInvitation {
		e.Request.UsernameParameter = trigger.UsernameParameter
	}
	if err := trigger.Call(ctx, s.triggers, trigger.CustomMessage, p.LambdaConfig.CustomMessage, e); err != nil {
		return err
	}
	sms, email := string(e.Response.SMSMessage), string(e.Response.EmailMessage)
	lacks := lacksCode
	if p.confirmsByLink(n.why) {
		lacks = lacksLink
	}
	if lacksCode(sms) || lacks(email) {
		return errLambdaOutput()
	}
	n.wording.SMS, n.wording.Email = or(sms, n.wording.SMS), or(email, n.wording.Email)
	n.wording.Subject = or(string(e.Response.EmailSubject), n.wording.Subject)
	return nil
}

// SenderRoute is the outbox's route to the pools' own senders, whose messages
// [Service.SendByTrigger] delivers.
const SenderRoute = "user pool sender"

// sending is what a custom sender is asked to send, as the outbox keeps it.
type sending struct {
	Kind     trigger.Kind
	ARN, Key string // of the function, and of the KMS key
	Event    trigger.SenderEvent
}

// routeToTrigger gives a message to the pool's custom sender, if it has one for the
// medium (Cognito developer guide, "Custom sender Lambda triggers").
func (s *Service) routeToTrigger(p *pool, u *user, n notice, m *delivery.Message) (err error) {
	order := sending{Key: p.LambdaConfig.KMSKeyID}
	prefix, attribute := "CustomEmailSender_", attrEmail
	if sender := p.LambdaConfig.CustomEmailSender; sender != nil && m.Channel == delivery.Email {
		order.Kind, order.ARN = trigger.CustomEmailSender, sender.LambdaArn
	}
	if sender := p.LambdaConfig.CustomSMSSender; sender != nil && m.Channel == delivery.SMS {
		order.Kind, order.ARN = trigger.CustomSMSSender, sender.LambdaArn
		prefix, attribute = "CustomSMSSender_", attrPhone
	}
	if order.ARN == "" {
		return nil
	}
	attributes := u.triggerAttributes()
	if attributes[attribute] != m.To { // which waits to be verified; the sender knows no other place to look
		attributes[attribute], attributes[verifiedFlag(attribute)] = m.To, "false"
	}
	by := caller{clientID: n.clientID}
	order.Event.Header = by.header(p, trigger.Source(prefix+string(n.why)), u.Username)
	order.Event.Request = trigger.SenderRequest{
		Code: trigger.Text(m.Code), ClientMetadata: n.metadata, UserAttributes: attributes,
	}
	m.Route = SenderRoute
	m.Payload, err = json.Marshal(order)
	return err
}

// SendByTrigger hands a message of [SenderRoute] to the pool's custom sender. It runs
// after the message's transaction, and again if it fails: a sender may see a message
// twice. Where nothing stands behind the sender's ARN another try would not help.
func (s *Service) SendByTrigger(ctx context.Context, m delivery.Message) error {
	var order sending
	if err := json.Unmarshal(m.Payload, &order); err != nil {
		return delivery.Permanent(fmt.Errorf("user pool: a sender's message cannot be read: %w", err))
	}
	err := s.triggers.Send(ctx, order.Kind, order.ARN, order.Key, &order.Event)
	if err != nil && !s.triggers.Knows(order.ARN) {
		err = delivery.Permanent(err)
	}
	return err
}

// preAuthentication asks the PreAuthentication trigger whether somebody may try to
// sign in. A nil user is one that does not exist, which only clients that hide it ask
// about.
func (a *attempt) preAuthentication(ctx context.Context, u *user) error {
	if a.pool.LambdaConfig.PreAuthentication == "" {
		return nil
	}
	e := &trigger.PreAuthenticationEvent{Header: a.by().header(a.pool, trigger.PreAuthenticationAuthentication, a.nameFor(u))}
	e.Request = trigger.PreAuthenticationRequest{
		UserAttributes: attributesFor(u), ValidationData: a.metadata, UserNotFound: a.notFound(u),
	}
	return trigger.Call(ctx, a.triggers, trigger.PreAuthentication, a.pool.LambdaConfig.PreAuthentication, e)
}

// postAuthentication tells the PostAuthentication trigger that the user is in.
func (a *attempt) postAuthentication(ctx context.Context, u *user, newDevice bool) error {
	if a.pool.LambdaConfig.PostAuthentication == "" {
		return nil
	}
	e := &trigger.PostAuthenticationEvent{Header: a.by().header(a.pool, trigger.PostAuthenticationAuthentication, u.Username)}
	e.Request = trigger.PostAuthenticationRequest{UserAttributes: u.triggerAttributes(), NewDeviceUsed: newDevice, ClientMetadata: a.answerMetadata()}
	return trigger.Call(ctx, a.triggers, trigger.PostAuthentication, a.pool.LambdaConfig.PostAuthentication, e)
}

// by is the attempt's caller.
func (a *attempt) by() caller { return caller{a.call, a.client.ClientId, a.answerMetadata()} }

// answerMetadata returns the ClientMetadata of an answer to a challenge. What came with the
// first request is validation data and reaches other triggers only (Cognito API
// reference, InitiateAuth).
func (a *attempt) answerMetadata() map[string]string {
	if a.now.ID == "" {
		return nil
	}
	return a.metadata
}

// nameFor is the username in an event about a user or nobody.
func (a *attempt) nameFor(u *user) string {
	if u == nil {
		return a.now.Name
	}
	return u.Username
}

func attributesFor(u *user) map[string]string {
	if u == nil {
		return map[string]string{}
	}
	return u.triggerAttributes()
}

// notFound is the member userNotFound of an event: absent for clients that do not
// hide who exists.
func (a *attempt) notFound(u *user) *bool {
	if !a.client.hidesUsers() {
		return nil
	}
	return new(u == nil)
}
