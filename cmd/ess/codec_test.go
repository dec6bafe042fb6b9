package main

import (
	"strings"
	"testing"
)

func TestOnlyDevDecodesForAnybody(t *testing.T) {
	for development, refused := range map[string]bool{"false": true, "true": false} {
		_, err := load(map[string]string{"ESS_CODEC_OPEN": "true", "ESS_DEVELOPMENT": development})
		if got := err != nil && strings.Contains(err.Error(), "ESS_CODEC_OPEN"); got != refused {
			t.Errorf("development %s: %v", development, err)
		}
	}
}
