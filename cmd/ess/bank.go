package main

import (
	"fmt"
	"os"

	"github.com/ess-thailand/ess/api"
	"github.com/ess-thailand/ess/bank"
	"github.com/ess-thailand/ess/postgres"
)

var (
	_ api.AidPayments = (*postgres.Store)(nil)
	_ api.Logbooks    = (*postgres.Store)(nil)
)

// bankFormat is what offices and their bank have agreed.
func (p *parts) bankFormat() (bank.Format, error) {
	if p.cfg.Bank == "" {
		return bank.Default(), nil
	}
	raw, err := os.ReadFile(p.cfg.Bank)
	if err != nil {
		return bank.Format{}, fmt.Errorf("ESS_BANK: %w", err)
	}
	f, err := bank.ParseFormat(raw)
	if err != nil {
		return f, fmt.Errorf("ESS_BANK: %w", err)
	}
	return f, nil
}
