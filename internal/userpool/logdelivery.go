package userpool

import (
	"context"
	"errors"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// logDeliveries are where pools want records sent. The pool owns its only one, under
// its own id.
var logDeliveries = store.NewCollection[cognitoidp.LogDeliveryConfigurationType]("log_delivery")

// setLogDeliveryConfiguration implements SetLogDeliveryConfiguration: it replaces
// what there was.
func (s *Service) setLogDeliveryConfiguration(ctx context.Context, c *wire.Call, in *cognitoidp.SetLogDeliveryConfigurationRequest) (*cognitoidp.SetLogDeliveryConfigurationResponse, error) {
	if err := checkLogs(in.LogConfigurations); err != nil {
		return nil, err
	}
	wanted := &cognitoidp.LogDeliveryConfigurationType{UserPoolId: in.UserPoolId, LogConfigurations: in.LogConfigurations}
	err := s.update(ctx, func(tx store.Tx) error {
		p, err := s.poolRecord(tx, c, in.UserPoolId)
		if err != nil {
			return err
		}
		if err := checkLogTier(p.Settings.UserPoolTier, in.LogConfigurations); err != nil {
			return err
		}
		if err := logDeliveries.Put(tx, in.UserPoolId, in.UserPoolId, wanted); err != nil {
			return err
		}
		return s.redirectLogs(tx, in.UserPoolId, in.LogConfigurations)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.SetLogDeliveryConfigurationResponse{LogDeliveryConfiguration: wanted}, nil
}

// getLogDeliveryConfiguration implements GetLogDeliveryConfiguration.
func (s *Service) getLogDeliveryConfiguration(ctx context.Context, c *wire.Call, in *cognitoidp.GetLogDeliveryConfigurationRequest) (*cognitoidp.GetLogDeliveryConfigurationResponse, error) {
	found := &cognitoidp.LogDeliveryConfigurationType{UserPoolId: in.UserPoolId, LogConfigurations: []cognitoidp.LogConfigurationType{}}
	err := s.db.View(ctx, func(tx store.Tx) error {
		if _, err := s.poolRecord(tx, c, in.UserPoolId); err != nil {
			return err
		}
		stored, err := logDeliveries.Get(tx, in.UserPoolId, in.UserPoolId)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return nil
		case err == nil && stored.LogConfigurations != nil: // an empty list is stored as none
			found = stored
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.GetLogDeliveryConfigurationResponse{LogDeliveryConfiguration: found}, nil
}

// checkLogs holds each source of records against its level and its destinations
// (Cognito API reference, LogConfigurationType).
func checkLogs(list []cognitoidp.LogConfigurationType) error {
	seen := make(map[cognitoidp.EventSourceName]bool)
	for _, l := range list {
		if seen[l.EventSource] {
			return invalid("There is more than one log configuration for %s.", l.EventSource)
		}
		seen[l.EventSource] = true
		level := cognitoidp.LogLevelInfo
		if l.EventSource == cognitoidp.EventSourceNameUserNotification {
			level = cognitoidp.LogLevelError
		}
		if l.LogLevel != level {
			return invalid("The log level for %s must be %s.", l.EventSource, level)
		}
		if err := checkDestination(&l); err != nil {
			return err
		}
	}
	return nil
}

// destinationsOf returns the three ARNs that a configuration can name, of which a
// stored one names one.
func destinationsOf(l *cognitoidp.LogConfigurationType) [3]string {
	return [3]string{
		orEmpty(l.CloudWatchLogsConfiguration).LogGroupArn, orEmpty(l.S3Configuration).BucketArn, orEmpty(l.FirehoseConfiguration).StreamArn,
	}
}

func checkDestination(l *cognitoidp.LogConfigurationType) error {
	destinations := 0
	for _, arn := range destinationsOf(l) {
		if arn != "" {
			destinations++
		}
	}
	switch {
	case destinations != 1:
		return invalid("A log configuration for %s needs one destination.", l.EventSource)
	case l.EventSource == cognitoidp.EventSourceNameUserNotification && l.CloudWatchLogsConfiguration == nil:
		return invalid("Logs of %s can only be sent to CloudWatch Logs.", l.EventSource)
	}
	return nil
}

// checkLogTier refuses records of threat protection in pools that do not have it.
func checkLogTier(tier cognitoidp.UserPoolTierType, list []cognitoidp.LogConfigurationType) error {
	for _, l := range list {
		if l.EventSource == cognitoidp.EventSourceNameUserAuthEvents && tier != cognitoidp.UserPoolTierTypePlus {
			return cognitoidp.FeatureUnavailableInTierException.Newf("Logs of %s need the feature plan PLUS.", l.EventSource)
		}
	}
	return nil
}
