package main

import (
	"os"
	"regexp"
	"testing"

	"github.com/ess-thailand/ess/channel"
)

// Whoever copies an example of docs/channels.md gets a gateway.
func TestTheExamplesOfGatewaysAreRead(t *testing.T) {
	raw, err := os.ReadFile("../../docs/channels.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(raw, -1)
	if len(examples) != 2 {
		t.Fatalf("%d examples, want one of SMS and one of calls", len(examples))
	}
	sms, err := channel.ParseGateway(examples[0][1])
	if err == nil {
		_, err = channel.NewSMS(channel.SMSConfig{Gateway: sms, Secret: "s"})
	}
	if err != nil {
		t.Errorf("the example of SMS: %v", err)
	}
	calls, err := channel.ParseGateway(examples[1][1])
	if err == nil {
		_, err = channel.NewVoice(channel.VoiceConfig{Gateway: calls, Secret: "s"})
	}
	if err != nil {
		t.Errorf("the example of calls: %v", err)
	}
}
