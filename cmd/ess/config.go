package main

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/ess-thailand/ess/api"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// Secret prints as ***. It needs all three: JSON logs ignore String.
type Secret string

func (Secret) String() string               { return "***" }
func (Secret) GoString() string             { return "***" }
func (Secret) MarshalText() ([]byte, error) { return []byte("***"), nil }

// Config is everything that a process of ESS can be told, read once from the
// environment. Every field has a reason; those without a default must be set.
type Config struct {
	// DatabaseURL is the record. synchronous_commit must be on: a 200 promises that the report is kept.
	DatabaseURL Secret `env:"ESS_DATABASE_URL,required,notEmpty"`
	// DatabaseConns bounds the pool of one process, so that a slow console cannot starve intake elsewhere.
	DatabaseConns int32 `env:"ESS_DATABASE_CONNS" envDefault:"20"`

	// TemporalAddress is the frontend of the Temporal cluster.
	TemporalAddress string `env:"ESS_TEMPORAL_ADDRESS" envDefault:"127.0.0.1:7233"`
	// TemporalNamespace holds the cases and nothing else.
	TemporalNamespace string `env:"ESS_TEMPORAL_NAMESPACE" envDefault:"ess"`
	// Build names this build to Temporal; a new one takes over running cases. Empty: the version of the binary.
	Build string `env:"ESS_BUILD"`

	// Keyset says where the encryption keys of personal data are: file:/path/of/keyset.json (ess keys new creates it).
	Keyset string `env:"ESS_KEYSET,required,notEmpty"`

	// LINESecrets are the channel secrets that a webhook may be signed with: the current one, and the next while rotating.
	LINESecrets []Secret `env:"ESS_LINE_SECRETS,required,notEmpty"`
	// LINEChannel and the first secret issue the short-lived tokens we send with.
	LINEChannel string `env:"ESS_LINE_CHANNEL_ID,required,notEmpty"`
	// LINEAPI, LINEData and LINELogin are LINE's hosts; anything else is refused unless it is loopback in a development run.
	LINEAPI  string `env:"ESS_LINE_API" envDefault:"https://api.line.me"`
	LINEData string `env:"ESS_LINE_DATA" envDefault:"https://api-data.line.me"`
	// LINELogin is where members sign in.
	LINELogin string `env:"ESS_LINE_LOGIN" envDefault:"https://access.line.me"`
	// LINELoginChannel is a LINE Login channel under the same provider as the official account; empty: there are no pages for volunteers.
	LINELoginChannel string `env:"ESS_LINE_LOGIN_CHANNEL_ID"`
	// LINELoginSecret belongs to it, and verifies who signed in.
	LINELoginSecret Secret `env:"ESS_LINE_LOGIN_SECRET"`
	// PublicURL is the https address under which people reach this installation; LINE sends members back to /smart/back there.
	PublicURL string `env:"ESS_PUBLIC_URL"`

	// SMSGateway is a file that says how a provider of SMS is asked over HTTP; empty: not by HTTP.
	SMSGateway string `env:"ESS_SMS_GATEWAY"`
	// SMSSecret is what the provider knows us by; the file names where it stands in a request, and never holds it.
	SMSSecret Secret `env:"ESS_SMS_SECRET"`
	// SMPPURL is an operator's SMSC, smpp://system_id@host:port?source=number, smpps for TLS, ids=hex where a message is named in hexadecimal; it takes the place of ESS_SMS_GATEWAY.
	SMPPURL string `env:"ESS_SMPP_URL"`
	// SMPPPassword binds to it.
	SMPPPassword Secret `env:"ESS_SMPP_PASSWORD"`
	// VoiceGateway is a file that says how a provider of calls is asked; empty: nobody is called.
	VoiceGateway string `env:"ESS_VOICE_GATEWAY"`
	// VoiceSecret is what that provider knows us by.
	VoiceSecret Secret `env:"ESS_VOICE_SECRET"`
	// SMTPURL is the mail server, smtp://user:password@host:port (STARTTLS) or smtps://…; empty: no e-mail. It holds a password.
	SMTPURL Secret `env:"ESS_SMTP_URL"`
	// MailFrom is the sender's address of our e-mail.
	MailFrom string `env:"ESS_MAIL_FROM"`
	// MorningTo is the mailbox that gets the list of members whom no working way reaches, every morning; empty: it is only at the API.
	MorningTo string `env:"ESS_MORNING_TO"`
	// ChannelSecrets are what the providers of SMS and calls send with every reply: the current one, and the next while rotating.
	ChannelSecrets []Secret `env:"ESS_CHANNEL_SECRETS"`

	// Listen is where the API, the webhook and the health checks answer.
	Listen string `env:"ESS_LISTEN" envDefault:"127.0.0.1:8080"`
	// Operators are the consoles, separated by commas: name=token may do everything everywhere, name/ROLE+ROLE/65+66=token
	// only what the roles VIEWER, OPERATOR, SUPERVISOR, ADMIN and FINANCE may, in these provinces. Two persons means two names. A third
	// part is the ID of their unit, as /v1/units lists it: cases that must not reach it do not exist for them. name/ROLES//unit: everywhere.
	Operators Operators `env:"ESS_OPERATORS"`
	// Spool is a folder on another filesystem than the database: reports wait there while PostgreSQL is away.
	Spool string `env:"ESS_SPOOL" envDefault:"spool"`
	// CodecOrigin is the exact origin of the Temporal UI that may ask for decoded payloads; empty: no codec endpoint.
	CodecOrigin string `env:"ESS_CODEC_ORIGIN"`
	// CodecOpen decodes for anybody on loopback, without a token. Only ess dev sets it.
	CodecOpen bool `env:"ESS_CODEC_OPEN" envDefault:"false"`

	// Watchers is how many second watchers (ess watch) this installation runs. One rings; fewer that are alive are an alarm.
	Watchers int `env:"ESS_WATCHERS" envDefault:"1"`

	// Policy is a file that replaces the built-in numbers.
	Policy string `env:"ESS_POLICY"`
	// Aid is a file that replaces the built-in aid catalogue with its rules, limits and approvers.
	Aid string `env:"ESS_AID"`
	// Bank is a file that replaces the built-in columns of the files that go to the bank and come back.
	Bank string `env:"ESS_BANK"`
	// Forms is a folder of forms (.yaml) that replace or join the built-in ones. A version that is known never changes.
	Forms string `env:"ESS_FORMS"`
	// Boundaries is a folder with district boundaries; without it the nearest reference point decides.
	Boundaries string `env:"ESS_BOUNDARIES"`

	// Speed is how many seconds of case time pass in one second. Everything but a development run refuses another than 1.
	Speed float64 `env:"ESS_SPEED" envDefault:"1"`
	// Epoch is the instant at which case time and real time were the same.
	Epoch time.Time `env:"ESS_EPOCH"`

	// OTLPEndpoint is the base address of a receiver of OpenTelemetry traces (http://collector:4318); empty: nothing is traced.
	OTLPEndpoint string `env:"ESS_OTLP_ENDPOINT"`
	// TraceRatio is the share of interactions that are traced, 0 to 1: a receiver need not keep them all.
	TraceRatio float64 `env:"ESS_TRACE_RATIO" envDefault:"0.1"`

	// LogLevel is debug, info, warn or error.
	LogLevel string `env:"ESS_LOG_LEVEL" envDefault:"info"`
	// Development allows loopback hosts for LINE and a Speed other than 1. Only ess dev and tests set it.
	Development bool `env:"ESS_DEVELOPMENT" envDefault:"false"`
}

// Operators maps a name to what belongs to it.
type Operators map[string]Operator

// Operator is a token, and what it may be used for.
type Operator struct {
	Token     Secret
	Roles     []api.OperatorRole
	Provinces []string          // empty: everywhere
	Unit      casefile.UnitID   // empty: not said
	Member    casefile.MemberID // who they are on a phone; empty: not said
}

// UnmarshalText reads operators separated by commas.
func (o *Operators) UnmarshalText(text []byte) error {
	*o = Operators{}
	for pair := range strings.SplitSeq(string(text), ",") {
		who, token, ok := strings.Cut(strings.TrimSpace(pair), "=")
		name, limits, limited := strings.Cut(who, "/")
		if !ok || name == "" || len(token) < minToken {
			return fmt.Errorf("want name=token or name/ROLES/PROVINCES/UNIT/MEMBER=token, separated by commas, tokens of at least %d characters", minToken)
		}
		if _, twice := (*o)[name]; twice {
			return fmt.Errorf("operator %s stands there twice", name)
		}
		operator := Operator{Token: Secret(token), Roles: api.OperatorRoles}
		if limited {
			if err := operator.limit(limits); err != nil {
				return fmt.Errorf("operator %s: %w", name, err)
			}
		}
		(*o)[name] = operator
	}
	return nil
}

// limit reads ROLES, ROLES/PROVINCES, ROLES/PROVINCES/UNIT or ROLES/PROVINCES/UNIT/MEMBER.
func (o *Operator) limit(text string) error {
	roles, rest, scoped := strings.Cut(text, "/")
	provinces, unit, inUnit := strings.Cut(rest, "/")
	if inUnit {
		unit, member, isMember := strings.Cut(unit, "/")
		o.Unit, o.Member = casefile.UnitID(unit), casefile.MemberID(member)
		if unit == "" && !isMember {
			return errors.New("a third part names a unit")
		}
		if isMember && (member == "" || strings.Contains(member, "/")) {
			return errors.New("a fourth part names a member")
		}
		scoped = provinces != ""
	}
	o.Roles = nil
	for role := range strings.SplitSeq(roles, "+") {
		if !slices.Contains(slices.Concat(api.OperatorRoles, api.PartnerRoles), api.OperatorRole(role)) {
			return fmt.Errorf("there is no role %q", role)
		}
		o.Roles = append(o.Roles, api.OperatorRole(role))
	}
	if !scoped {
		return nil
	}
	for code := range strings.SplitSeq(provinces, "+") {
		if _, ok := policy.DefaultPlaces().Province(code); !ok {
			return fmt.Errorf("there is no province %q", code)
		}
		o.Provinces = append(o.Provinces, code)
	}
	return nil
}

// minToken keeps guessing hopeless at the API's rate limit.
const minToken = 24

// load reads the environment and reports every mistake, not just the first.
func load(environment map[string]string) (Config, error) {
	var c Config
	errs := []error{env.ParseWithOptions(&c, env.Options{Environment: environment})}
	if c.Build == "" {
		c.Build = buildID()
	}
	clock := policy.Clock{Epoch: c.Epoch, Speed: c.Speed}
	if c.Speed != 1 && !c.Development {
		errs = append(errs, errors.New("ESS_SPEED: only ess dev, ess simulate and tests may run at another speed than 1"))
	} else if err := clock.Check(); err != nil {
		errs = append(errs, fmt.Errorf("ESS_SPEED: %w", err))
	}
	for name, host := range map[string]string{"ESS_LINE_API": c.LINEAPI, "ESS_LINE_DATA": c.LINEData, "ESS_LINE_LOGIN": c.LINELogin} {
		u, err := url.Parse(host)
		switch {
		case err != nil || u.Host == "":
			errs = append(errs, fmt.Errorf("%s: not an address", name))
		case !c.Development && (u.Scheme != "https" || !strings.HasSuffix(u.Hostname(), ".line.me")):
			errs = append(errs, fmt.Errorf("%s: must be a host of LINE over https", name))
		}
	}
	errs = append(errs, c.channels(), c.signIn())
	if u, err := url.Parse(c.OTLPEndpoint); c.OTLPEndpoint != "" && (err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Scheme != "http" && u.Scheme != "https") {
		errs = append(errs, errors.New("ESS_OTLP_ENDPOINT: want http(s)://host:port"))
	}
	if !(c.TraceRatio >= 0 && c.TraceRatio <= 1) {
		errs = append(errs, errors.New("ESS_TRACE_RATIO: want a number from 0 to 1"))
	}
	if c.CodecOpen && !c.Development {
		errs = append(errs, errors.New("ESS_CODEC_OPEN: only ess dev decodes for anybody"))
	}
	if !filepath.IsAbs(c.Spool) && !c.Development {
		errs = append(errs, errors.New("ESS_SPOOL: want an absolute path, on another filesystem than the database"))
	}
	return c, errors.Join(errs...)
}

// signIn finds what is wrong with the pages of volunteers. They need not be there.
func (c *Config) signIn() error {
	var errs []error
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	if u, err := url.Parse(c.PublicURL); c.PublicURL != "" &&
		(err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Path != "" || u.Scheme != "https" && !c.Development) {
		errs = append(errs, errors.New("ESS_PUBLIC_URL: want https://host"))
	}
	if c.LINELoginChannel != "" && (c.LINELoginSecret == "" || c.PublicURL == "") {
		errs = append(errs, errors.New("ESS_LINE_LOGIN_CHANNEL_ID: needs ESS_LINE_LOGIN_SECRET and ESS_PUBLIC_URL"))
	}
	return errors.Join(errs...)
}

// channels finds what is wrong with the ways beside LINE. None of them has to be set.
func (c *Config) channels() error {
	var errs []error
	wrong := func(why string) { errs = append(errs, errors.New(why)) }
	if c.SMPPURL != "" {
		u, err := url.Parse(c.SMPPURL)
		switch {
		case err != nil || u.Hostname() == "" || u.User.Username() == "" || u.Scheme != "smpp" && u.Scheme != "smpps":
			wrong("ESS_SMPP_URL: want smpp://system_id@host:port, or smpps:// for TLS")
		case hasPassword(u):
			wrong("ESS_SMPP_URL: the password belongs into ESS_SMPP_PASSWORD")
		case c.SMPPPassword == "":
			wrong("ESS_SMPP_PASSWORD: ESS_SMPP_URL needs it")
		}
		if c.SMSGateway != "" {
			wrong("ESS_SMPP_URL: ESS_SMS_GATEWAY is set too; there is one way of SMS")
		}
	}
	if c.SMTPURL != "" {
		u, err := url.Parse(string(c.SMTPURL))
		if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
			wrong("ESS_SMTP_URL: want smtp://user:password@host:port, or smtps://") // never the text: it holds a password
		}
		if from, err := mail.ParseAddress(c.MailFrom); err != nil || from.Address == "" {
			wrong("ESS_MAIL_FROM: want the address that ESS_SMTP_URL may send from")
		}
	}
	if _, err := mail.ParseAddress(c.MorningTo); c.MorningTo != "" && (err != nil || c.SMTPURL == "") {
		wrong("ESS_MORNING_TO: want a mailbox, and ESS_SMTP_URL that reaches it")
	}
	if (c.SMSGateway != "" || c.VoiceGateway != "") && len(c.ChannelSecrets) == 0 {
		wrong("ESS_CHANNEL_SECRETS: who is asked by SMS or by a call must be able to answer")
	}
	for _, secret := range c.ChannelSecrets {
		if len(secret) < minToken {
			wrong(fmt.Sprintf("ESS_CHANNEL_SECRETS: want secrets of at least %d characters, separated by commas", minToken))
			break
		}
	}
	return errors.Join(errs...)
}

func hasPassword(u *url.URL) bool {
	_, has := u.User.Password()
	return has
}

// environment is the process environment as a map.
func environment() map[string]string { return env.ToMap(os.Environ()) }
