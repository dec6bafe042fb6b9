package local

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/channelemu"
)

// openPhones starts the providers of SMS, calls and mail, and tells the
// processes how they are reached, as an operator would: by files and settings.
func (s *System) openPhones(ctx context.Context, o Options) error {
	secret, err := keptSecret(filepath.Join(o.Dir, "channel-secret"))
	if err != nil {
		return err
	}
	if s.Phones, err = channelemu.New(channelemu.Options{
		Inbound: "http://" + s.Listen + "/channels", Secret: secret, Now: func() time.Time { return s.Clock.Case(time.Now()) },
	}); err != nil {
		return err
	}
	listen := o.Channels
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	if _, err := s.Phones.Listen(context.WithoutCancel(ctx), listen); err != nil {
		return err
	}
	s.Env["ESS_CHANNEL_SECRETS"] = secret
	has := func(c casefile.Channel) bool { return !slices.Contains(o.Without, c) }
	switch {
	case !has(casefile.ChannelSMS):
	case o.SMPP:
		s.Env["ESS_SMPP_URL"], s.Env["ESS_SMPP_PASSWORD"] = s.Phones.SMPPURL(), s.Phones.SMPPPassword()
	default:
		file := filepath.Join(o.Dir, "sms.yaml")
		if err := os.WriteFile(file, s.Phones.SMSGateway(), 0o600); err != nil {
			return err
		}
		s.Env["ESS_SMS_GATEWAY"], s.Env["ESS_SMS_SECRET"] = file, s.Phones.APIKey()
	}
	if has(casefile.ChannelVoice) {
		file := filepath.Join(o.Dir, "voice.yaml")
		if err := os.WriteFile(file, s.Phones.VoiceGateway(), 0o600); err != nil {
			return err
		}
		s.Env["ESS_VOICE_GATEWAY"], s.Env["ESS_VOICE_SECRET"] = file, s.Phones.APIKey()
	}
	if has(casefile.ChannelEmail) {
		s.Env["ESS_SMTP_URL"], s.Env["ESS_MAIL_FROM"] = s.Phones.SMTPURL(), "ess@example.invalid"
	}
	return nil
}
