package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/temporalio/ui-server/v2/server"
	"github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/server_options"
)

// startUI starts the Temporal UI and waits until it answers.
func startUI(ctx context.Context, o options) (*server.Server, error) {
	ui := server.NewServer(server_options.WithConfigProvider(&config.Config{
		Host:                "127.0.0.1",
		Port:                o.uiPort,
		TemporalGRPCAddress: loopback(o.frontendPort),
		EnableUI:            true,
		DefaultNamespace:    o.namespace,
		Codec:               config.Codec{Endpoint: o.codecEndpoint},
		CORS:                config.CORS{CookieInsecure: true}, // plain http on loopback
		DisableNewsFetch:    true,                              // no call to the outside
		HideLogs:            true,
	}))
	go ui.Start() //nolint:errcheck // it returns nil, or ends the process itself

	ctx, cancel := context.WithTimeout(ctx, readyWait)
	defer cancel()
	err := eventually(ctx, func() error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+loopback(o.uiPort)+"/healthz", nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("health check answers %s", response.Status)
		}
		return nil
	})
	if err != nil {
		ui.Stop()
		return nil, fmt.Errorf("the Temporal UI does not answer: %w", err)
	}
	return ui, nil
}
